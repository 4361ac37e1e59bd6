// Where only a sync makes durable, every promise by which PGlite acknowledges a commit waits for one. Called
// by VfsFilesystem once the Vfs is mounted; changes the one instance, never PGlite's prototype.
//
// PGlite 0.5 ends most queries in `syncToFs`, and leaves three holes. It answers a query at once if the sync
// of another is already waiting its turn. It runs the COMMIT of `transaction()` while it takes itself to be in
// that transaction, and then syncs nothing. And it tells listeners of a NOTIFY before the sync of the
// transaction that sent it. Besides, the sync after BEGIN acknowledges nothing, and if it failed, `transaction()`
// would leave Postgres in a transaction that swallows the queries of others.
//
// Two gates lie on every way: whatever reaches Postgres passes `execProtocolRawSync`, and `query`, `exec`,
// `sql`, `transaction` (each statement of it, too), `describeQuery`, `runExclusive`, `listen` and `live` run
// within `_runExclusiveQuery`. The `execProtocol…` calls that wait for no turn call `syncToFs` themselves.

import type { PGlite } from '@electric-sql/pglite'

const RUN_EXCLUSIVE = '_runExclusiveQuery'

type Listener = (...args: string[]) => void

/** `sync` is PGlite's own `syncToFs` from now on; with `relaxed`, nobody waits for it, and it never rejects. */
export function syncBeforeAcknowledging(
  pg: PGlite,
  sync: () => Promise<void>,
  relaxed: boolean,
): void {
  // The newest sync that covers all that has run; undefined if there is none.
  let covering: Promise<void> | undefined
  // A COMMIT AND CHAIN has committed and is in a transaction again.
  let chained = false

  const start = (): Promise<void> => {
    chained = false
    const synced = sync()
    covering = synced
    synced.catch(() => {
      if (covering === synced) covering = undefined
    })
    return relaxed ? Promise.resolve() : synced
  }
  const covered = (): Promise<void> => {
    if (covering === undefined) return start()
    return relaxed ? Promise.resolve() : covering
  }
  // A statement that is no message of the program's own.
  let isStatement = false
  const endsInTransaction = (): boolean => !chained && pg.isInTransaction()
  pg.syncToFs = () => (isStatement && endsInTransaction() ? Promise.resolve() : start())

  const execute = pg.execProtocolRawSync.bind(pg)
  pg.execProtocolRawSync = (message) => {
    covering = undefined
    return execute(message)
  }
  const executeStream = pg.execProtocolStream.bind(pg)
  pg.execProtocolStream = async (message, options) => {
    const messages = await executeStream(message, options)
    if (messages.some(isCommit)) chained = pg.isInTransaction()
    return messages
  }
  const runExclusively = pg[RUN_EXCLUSIVE].bind(pg)
  pg[RUN_EXCLUSIVE] = (work) =>
    runExclusively(async () => {
      isStatement = true
      try {
        const result = await work()
        if (covering !== undefined || !endsInTransaction()) await covered()
        return result
      } finally {
        isStatement = false
      }
    })
  pg.runExclusive = (work) =>
    runExclusively(async () => {
      const result = await work()
      await covered()
      return result
    })

  delayNotifications(pg, covered)
}

function isCommit(message: { readonly name: string; readonly text?: unknown }): boolean {
  return message.name === 'commandComplete' && message.text === 'COMMIT'
}

/** A listener learns of a commit when its sync has ended; the query reports it if that has failed. */
function delayNotifications(pg: PGlite, covered: () => Promise<void>): void {
  const delayed = new WeakMap<Listener, Listener>()
  const delay = (listener: Listener): Listener => {
    const known = delayed.get(listener)
    if (known !== undefined) return known
    const later: Listener = (...args) => {
      // Not called by the promise, so that what it throws stays an uncaught error.
      const call = (): void => queueMicrotask(() => listener(...args))
      covered().then(call, call)
    }
    delayed.set(listener, later)
    // The function that `listen` returns takes the listener as PGlite knows it.
    delayed.set(later, later)
    return later
  }
  const { listen, unlisten, onNotification, offNotification } = pg
  pg.listen = (channel, listener, tx) => listen.call(pg, channel, delay(listener), tx)
  pg.unlisten = (channel, listener, tx) => {
    return unlisten.call(pg, channel, listener && delay(listener), tx)
  }
  pg.onNotification = (listener) => onNotification.call(pg, delay(listener))
  pg.offNotification = (listener) => offNotification.call(pg, delay(listener))
}
