// IndexedDB: one transaction that puts one record of a Postgres page, or of 64 KiB, at both of its
// durabilities.

import { STORE_PREFIX } from '../backends/backend.ts'
import type { Probe, ProbeBench } from './probe.ts'

const KIB = 1_024
const RECORDS = 64
const STORE = 'pages'

export const idbPuts: readonly Probe[] = [8, 64].flatMap((kib) =>
  (['strict', 'relaxed'] as const).map((durability) => idbPut(kib, durability)),
)

function idbPut(kib: number, durability: 'strict' | 'relaxed'): Probe {
  return {
    name: `idb-put-${kib}k-${durability}`,
    summary: `put one ${kib} KiB record in a ${durability} transaction of IndexedDB`,
    unit: 'us',
    needs: ['indexeddb'],
    batch: 1,
    async setUp(): Promise<ProbeBench> {
      const name = `${STORE_PREFIX}probe-${crypto.randomUUID()}`
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => void request.result.createObjectStore(STORE)
      const database = await settled(request)
      const page = new Uint8Array(kib * KIB).fill(0xa5)
      let turn = 0
      return {
        async operation() {
          const transaction = database.transaction(STORE, 'readwrite', { durability })
          transaction.objectStore(STORE).put(page, turn++ % RECORDS)
          // Else the browser first has to notice that nothing follows.
          transaction.commit()
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
