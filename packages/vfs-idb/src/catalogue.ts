// All metadata as it was last committed: what a head is written from. The engine has the tree as it is
// now, which is newer by whatever has happened since the batch under way was taken.

import type { EntryFact, Fact, Ino, InodeFact } from '@wasm-vfs/core/backend'

export class Catalogue {
  readonly #inodes: Map<Ino, InodeFact>
  // In the order of `readdir`.
  readonly #entries: Map<string, EntryFact>
  #nextIno: Ino

  constructor(from?: Catalogue) {
    this.#inodes = new Map(from?.inodes)
    this.#entries = new Map(from === undefined ? [] : from.#entries)
    this.#nextIno = from === undefined ? 0 : from.#nextIno
  }

  get inodes(): ReadonlyMap<Ino, InodeFact> {
    return this.#inodes
  }

  apply(fact: Fact): void {
    switch (fact.type) {
      case 'inode':
        this.#inodes.set(fact.ino, fact)
        break
      case 'drop':
        this.#inodes.delete(fact.ino)
        break
      case 'entry': {
        const key = entryKey(fact.parent, fact.name)
        this.#entries.delete(key)
        this.#entries.set(key, fact)
        break
      }
      case 'remove':
        this.#entries.delete(entryKey(fact.parent, fact.name))
        break
      case 'next':
        this.#nextIno = fact.ino
        break
    }
  }

  *facts(): Generator<Fact> {
    if (this.#nextIno > 0) yield { type: 'next', ino: this.#nextIno }
    yield* this.#inodes.values()
    yield* this.#entries.values()
  }

  /** As it will be once a batch is committed. */
  with(facts: readonly Fact[]): Catalogue {
    const next = new Catalogue(this)
    for (const fact of facts) next.apply(fact)
    return next
  }
}

function entryKey(parent: Ino, name: string): string {
  return `${parent}/${name}`
}
