// IndexedDB: one transaction that puts one 8 KiB record, at both of its durabilities.

import type { Probe, ProbeBench } from './probe.ts'

const PAGE_BYTES = 8_192
const RECORDS = 64
const STORE = 'pages'

export const idbPutStrict: Probe = idbPut('strict')
export const idbPutRelaxed: Probe = idbPut('relaxed')

function idbPut(durability: 'strict' | 'relaxed'): Probe {
  return {
    name: `idb-put-8k-${durability}`,
    summary: `put one 8 KiB record in a ${durability} transaction of IndexedDB`,
    unit: 'us',
    needs: ['indexeddb'],
    batch: 1,
    async setUp(): Promise<ProbeBench> {
      const name = `probe-${crypto.randomUUID()}`
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => void request.result.createObjectStore(STORE)
      const database = await settled(request)
      const page = new Uint8Array(PAGE_BYTES).fill(0xa5)
      let turn = 0
      return {
        async operation() {
          const transaction = database.transaction(STORE, 'readwrite', { durability })
          transaction.objectStore(STORE).put(page, turn++ % RECORDS)
          await new Promise<void>((resolve, reject) => {
            transaction.oncomplete = () => resolve()
            transaction.onabort = () => reject(transaction.error ?? new Error('aborted'))
          })
        },
        async tearDown() {
          database.close()
          await settled(indexedDB.deleteDatabase(name))
        },
      }
    },
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no reason given'))
  })
}
