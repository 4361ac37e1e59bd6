// A worker that behaves and misbehaves as told.

import { serveTasks } from '@wasm-vfs/core/testing'

serveTasks({
  double: (value: number) => value * 2,
  fail: (message: string) => {
    throw new Error(message)
  },
  hang() {
    for (;;);
  },
  crash() {
    setTimeout(() => {
      throw new Error('out of the blue')
    })
    return new Promise(() => {})
  },
})
