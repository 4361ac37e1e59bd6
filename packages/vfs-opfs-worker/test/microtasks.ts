// Running another thread's promises while a call blocks this one: for tests that have both sides of the channel
// in one thread of Node.

/** Runs what waits in the microtask queue. False within a microtask, where V8 runs no others. */
export function drainMicrotasks(): boolean {
  let ran = false
  void Promise.resolve().then(() => (ran = true))
  // What a turn of Node's event loop does between two macrotasks.
  const drain = Reflect.get(process, '_tickCallback') as () => void
  drain.call(process)
  return ran
}

/** Runs `work` outside of any microtask, where calls can block. */
export function inTask<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
  })
}
