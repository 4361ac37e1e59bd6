// The connection to one store's database. Browsers close connections on their own: when the user clears
// the site's storage, when another tab wants to upgrade or delete the database, when a phone kills its
// storage process. A transaction that fails over this is run once more on a new connection; that is
// safe because a transaction is atomic and the records it writes are idempotent.

import { toVfsError, VfsError } from '@wasm-vfs/core/backend'
import type { Counters } from './counters.ts'
import {
  databaseName,
  OBJECT_STORES,
  OWNER,
  SCHEMA_VERSION,
  STATE,
  type OwnerRecord,
} from './layout.ts'
import { makeStore } from './make-store.ts'
import { resultOf, unanswered, waitFor } from './waiting.ts'

export interface ConnectionOptions {
  /** The store's name. */
  readonly name: string
  readonly counters: Counters
  readonly deadlineMs: number
  /** Make the database if there is none; only when it is opened for the first time. */
  readonly create: boolean
}

/** Runs inside a transaction: whatever it awaits must be a request of that transaction. */
export type TransactionBody<T> = (
  transaction: IDBTransaction,
  /** To be called when a request was answered. */
  progress: () => void,
) => T | Promise<T>

export class Connection {
  readonly #options: ConnectionOptions
  // Undefined before it is first needed, and when the browser has closed it or asked us to.
  #database: IDBDatabase | undefined
  #wasOpen = false
  #token: string | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /**
   * From now on nothing is written unless `token` is the owner's: a readwrite transaction that finds
   * another changes nothing and is ESTALE.
   */
  fence(token: string): void {
    this.#token = token
  }

  /**
   * Runs `body` in a transaction and resolves with its result when the transaction is complete, i.e.
   * as durable as asked. Rejects with a VfsError, and then nothing was changed, except after ETIMEDOUT,
   * which leaves open whether it was.
   */
  async transaction<T>(
    mode: 'readonly' | 'readwrite',
    durability: IDBTransactionDurability,
    body: TransactionBody<T>,
  ): Promise<T> {
    const operation = operationOf(mode)
    try {
      return await this.#attempt(mode, durability, body)
    } catch (error) {
      if (!this.#isLost(error)) throw this.#explain(error, operation)
    }
    this.close()
    try {
      return await this.#attempt(mode, durability, body)
    } catch (error) {
      if (!this.#isLost(error)) throw this.#explain(error, operation)
      const detail = `the browser ended the transaction, twice (${String(error)})`
      throw new VfsError('EIO', operation, { path: this.#options.name, detail, cause: error })
    }
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
  }

  async #attempt<T>(
    mode: IDBTransactionMode,
    durability: IDBTransactionDurability,
    body: TransactionBody<T>,
  ): Promise<T> {
    const database = await this.#open()
    const transaction = database.transaction(OBJECT_STORES, mode, { durability })
    this.#options.counters.transactions++
    const { name: path, deadlineMs } = this.#options
    const operation = operationOf(mode)
    const call = `a ${mode} transaction of IndexedDB`
    const onTimeout = (): VfsError | undefined => {
      abort(transaction)
      return mode === 'readonly' ? unansweredRead(this.#options, call) : undefined
    }
    return await waitFor<T>({ operation, call, path, deadlineMs, onTimeout }, (wait) => {
      let result: T
      let failure: unknown
      transaction.oncomplete = () => wait.done(result)
      transaction.onabort = () => wait.failed(failure ?? transaction.error ?? aborted())
      void (async () => {
        try {
          const owner = mode === 'readwrite' ? this.#ownerIn(transaction) : undefined
          result = await body(transaction, wait.progress)
          await owner
          // Without this the browser first has to notice that no request follows.
          if (mode === 'readwrite') transaction.commit()
        } catch (error) {
          // A failed request aborts its transaction, whose error says more than the request's.
          if (transaction.error === null) failure = error
          abort(transaction)
        }
      })()
    })
  }

  async #open(): Promise<IDBDatabase> {
    if (this.#database !== undefined) return this.#database
    const database = await openDatabase(this.#options, this.#options.create && !this.#wasOpen)
    this.#wasOpen = true
    this.#use(database)
    return database
  }

  /** Its answer comes before those of all requests that the transaction makes later. */
  async #ownerIn(transaction: IDBTransaction): Promise<void> {
    if (this.#token === undefined) return
    const request = transaction.objectStore(STATE).get(OWNER)
    const owner = await resultOf<OwnerRecord | undefined>(request)
    if (owner?.token !== this.#token) throw takenOver(this.#options.name)
  }

  #use(database: IDBDatabase): void {
    this.#database = database
    const lost = (): void => {
      if (this.#database === database) this.#database = undefined
    }
    database.onclose = lost
    database.onversionchange = () => {
      // Whoever upgrades or deletes it waits for this; transactions under way still complete.
      database.close()
      lost()
    }
  }

  /** The transaction failed because of the connection, not because of what it does. */
  #isLost(error: unknown): boolean {
    if (error instanceof VfsError) return false
    if (this.#database === undefined) return true
    const { name } = error as { name?: unknown }
    return name === 'InvalidStateError' || name === 'AbortError' || name === 'UnknownError'
  }

  #explain(error: unknown, operation: string): VfsError {
    const path = this.#options.name
    const explained = toVfsError(error, operation, { path })
    if (explained.code !== 'ENOSPC') return explained
    // The browser's own words are often none at all.
    const detail =
      'the quota is used up; nothing is lost, and a later sync that finds room has it all'
    return new VfsError('ENOSPC', operation, { path, detail, cause: error })
  }
}

/** Reading is what opening a store does, writing what a sync does. */
function operationOf(mode: IDBTransactionMode): string {
  return mode === 'readonly' ? 'open' : 'sync'
}

function aborted(): DOMException {
  return new DOMException('the transaction was aborted', 'AbortError')
}

/** What may be in the way of reading is a transaction of somebody else. */
function unansweredRead({ name, deadlineMs }: ConnectionOptions, call: string): VfsError {
  return new VfsError('ETIMEDOUT', 'open', {
    path: name,
    detail:
      `${unanswered({ call, deadlineMs })}; in Safari and other browsers of its engine a ` +
      'worker terminated in the middle of a sync holds the database until its page is closed',
  })
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It has ended already, or is being committed.
  }
}

async function openDatabase(
  { name, deadlineMs }: ConnectionOptions,
  create: boolean,
): Promise<IDBDatabase> {
  let refusal: VfsError | undefined
  let blocked = false
  let given = false
  const onTimeout = (): VfsError | undefined => {
    given = true
    if (!blocked) return undefined
    return new VfsError('EBUSY', 'open', {
      path: name,
      detail: 'another tab has an older layout of this store open; close that tab',
    })
  }
  const database = await waitFor<IDBDatabase>(
    { operation: 'open', call: 'indexedDB.open', path: name, deadlineMs, onTimeout },
    (wait) => {
      const request = indexedDB.open(databaseName(name), SCHEMA_VERSION)
      request.onblocked = () => {
        blocked = true
      }
      request.onupgradeneeded = (event) => {
        const { oldVersion } = event
        if (oldVersion === 0) {
          const { dataLoss, dataLossMessage = '' } = event as ChromiumVersionChangeEvent
          if (dataLoss === 'total') refusal = lostByBrowser(name, dataLossMessage)
          else if (!create) refusal = deleted(name)
        }
        if (oldVersion > 0) refusal = foreign(name)
        const transaction = request.transaction!
        if (refusal !== undefined) transaction.abort()
        else {
          makeStore(transaction, wait.progress).catch((error: unknown) => {
            // A failed request aborts the transaction, whose error says more than the request's.
            if (transaction.error === null) refusal = toVfsError(error, 'open', { path: name })
            abort(transaction)
          })
        }
      }
      request.onsuccess = () => {
        // Nobody waits any more: an open connection would stand in the way of others.
        if (given) request.result.close()
        else wait.done(request.result)
      }
      request.onerror = () => wait.failed(refusal ?? explainOpen(request.error, name))
    },
  )
  if (isStore(database)) return database
  database.close()
  throw foreign(name)
}

function isStore(database: IDBDatabase): boolean {
  return OBJECT_STORES.every((each) => database.objectStoreNames.contains(each))
}

function foreign(name: string): VfsError {
  return new VfsError('EEXIST', 'open', {
    path: name,
    detail: `the database '${databaseName(name)}' holds something else; choose another name`,
  })
}

function takenOver(name: string): VfsError {
  return new VfsError('ESTALE', 'sync', {
    path: name,
    detail:
      'another tab or worker has taken this store over, because this one did not answer; what was ' +
      'synced before is kept, nothing else can be: open it again',
  })
}

function deleted(name: string): VfsError {
  return new VfsError('EIO', 'sync', {
    path: name,
    detail:
      "the store was deleted while it was open (by the user clearing the site's data, or by a program); " +
      'what is in memory can still be read, but not kept under this name until it is opened anew',
  })
}

/** Chromium says whether it threw a damaged database away. */
interface ChromiumVersionChangeEvent extends IDBVersionChangeEvent {
  readonly dataLoss?: 'none' | 'total'
  readonly dataLossMessage?: string
}

function lostByBrowser(name: string, message: string): VfsError {
  return new VfsError('EIO', 'open', {
    path: name,
    detail:
      `the browser found its database damaged and threw it away (${message}); opening it again makes ` +
      'an empty store',
  })
}

function explainOpen(error: DOMException | null, name: string): VfsError {
  if (error?.name !== 'VersionError') return toVfsError(error, 'open', { path: name })
  return new VfsError('EINVAL', 'open', {
    path: name,
    detail: 'the store has the layout of a newer version of @wasm-vfs/idb; reload or update',
    cause: error,
  })
}
