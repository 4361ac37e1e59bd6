// How old a store is, counted in time during which it was open. What must not rest on the system's clock,
// which a user or a time server sets forward and back, goes by this: whether a name that OPFS has made is old
// enough to be on storage. Kept in a TwoSlotLog, which adds the sessions up.
//
// Relies on `performance.now()`, which never goes back. It may stand still while the machine sleeps, and a
// crash forgets what no line has recorded: a store is then taken for younger than it is, never for older.

/** A line of the log records the age if the last record is at least this old, in milliseconds. */
const RECORD_EVERY_MS = 1000

export class OpenTime {
  #recorded: number
  readonly #before: number
  readonly #startedAt: number

  /** A session begins; those before it had the store open for `before` milliseconds, by the log. */
  constructor(before: number) {
    this.#before = before
    this.#recorded = before
    this.#startedAt = performance.now()
  }

  /** Whole milliseconds, of all sessions. */
  get age(): number {
    return this.#before + Math.floor(performance.now() - this.#startedAt)
  }

  get recordDue(): boolean {
    return this.age - this.#recorded >= RECORD_EVERY_MS
  }

  /** The log holds a line that says `age`. */
  recorded(age: number): void {
    this.#recorded = age
  }
}
