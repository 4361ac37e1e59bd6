// Makes an empty store, within the transaction in which the browser makes the database.

import { Catalogue } from './catalogue.ts'
import { writeFold } from './fold.ts'
import { Image } from './image.ts'
import { LOG, SEGMENTS, STATE } from './layout.ts'

export async function makeStore(transaction: IDBTransaction, progress: () => void): Promise<void> {
  const { db } = transaction
  db.createObjectStore(STATE, { keyPath: 'key' })
  db.createObjectStore(LOG)
  db.createObjectStore(SEGMENTS)
  const plan = new Image().plan([], [])
  await writeFold(transaction, { plan, catalogue: new Catalogue(), sequence: 0 }, progress)
}
