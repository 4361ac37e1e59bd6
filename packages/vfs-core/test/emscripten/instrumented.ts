// A Vfs that records what it is asked and can be told to fail, around a real one.

import type { Vfs } from '../../src/contract/index.ts'

export interface Call {
  readonly operation: keyof Vfs
  /** Buffers by their length, or the record would keep every heap alive. */
  readonly args: readonly unknown[]
}

export class Instrumented {
  readonly vfs: Vfs
  readonly calls: Call[] = []
  /** Runs before each operation; what it throws, the operation throws. */
  before: ((call: Call) => void) | undefined

  constructor(inner: Vfs) {
    this.vfs = new Proxy(inner, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const recorded = args.map((arg) => (ArrayBuffer.isView(arg) ? arg.byteLength : arg))
          const call: Call = { operation: key as keyof Vfs, args: recorded }
          this.calls.push(call)
          this.before?.(call)
          return member.apply(target, args)
        }
      },
    })
  }

  /** How often an operation was called since the last `reset`. */
  count(operation: keyof Vfs): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  reset(): void {
    this.calls.length = 0
  }

  failOn(operation: keyof Vfs, error: unknown): void {
    this.before = (call) => {
      if (call.operation === operation) throw error
    }
  }
}
