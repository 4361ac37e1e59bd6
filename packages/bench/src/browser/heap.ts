// The JavaScript heap of the worker: objects, strings and what they refer to, after a collection.
// Contents of ArrayBuffers lie outside of it and are not counted. Chromium only, and only when started
// with --expose-gc and --enable-precise-memory-info, as ../session.ts does.

const SETTLE_MS = 50
const COLLECTIONS = 3

/** Why it cannot be measured is an error, and so a cell that says so. */
export async function heapBytes(): Promise<number> {
  const { memory } = performance as { memory?: { readonly usedJSHeapSize: number } }
  const { gc } = globalThis as { gc?: () => void }
  if (memory === undefined || gc === undefined) {
    throw new Error('this browser does not tell the size of a heap')
  }
  for (let count = 0; count < COLLECTIONS; count++) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    gc()
  }
  return memory.usedJSHeapSize
}
