// Every promise of OPFS that an open, a landing or a close waits for, with a deadline: a browser that does not
// answer becomes an error that says which call, which file and for how long.

import { withDeadline } from '@wasm-vfs/core/backend'

/** What the browser answers to `call`, which is about `path`; ETIMEDOUT if it does not. */
export async function answered<Value>(
  promise: Promise<Value>,
  call: string,
  path: string,
): Promise<Value> {
  return await withDeadline(promise, { operation: 'open', call, path })
}
