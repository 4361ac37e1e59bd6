// Both sides of the channel in one thread of Node, over the IoStore in memory, so that a test says when the
// I/O worker gets to run: it is stopped from the start, and runs while it is not and the program is blocked.
// Time is the client's, who counts slices that have passed.

import { viewsOf, makeShared, WORD_POSTED, type SharedViews } from '../src/channel/protocol.ts'
import { ServingLoop } from '../src/channel/serving-loop.ts'
import { Channel } from '../src/client/channel.ts'
import { ChannelContent } from '../src/client/content.ts'
import { Memories } from '../src/client/memories.ts'
import { ChannelMetadata } from '../src/client/metadata.ts'
import { mount } from '../src/client/mount.ts'
import type { Vfs } from '@wasm-vfs/core'
import { MemoryIoStore } from './memory-io-store.ts'
import { drainMicrotasks, inTask } from './microtasks.ts'

export interface OneThread {
  readonly views: SharedViews
  readonly store: MemoryIoStore
  readonly channel: Channel
  readonly content: ChannelContent
  readonly metadata: ChannelMetadata
  readonly memories: Memories
  /** Made when it is first asked for: it hands down what is pending when it is idle. */
  readonly vfs: Vfs
  /** The I/O worker does not run, whatever is posted, until `resume`. */
  stop(): void
  resume(): void
  /** It was ended by the client. */
  readonly isEnded: boolean
}

export async function oneThread(store: MemoryIoStore = new MemoryIoStore()): Promise<OneThread> {
  const views = viewsOf(makeShared(65_536))
  const { words } = views
  const sent = new Map<number, WebAssembly.Memory>()
  let wake: (() => void) | undefined
  let isStopped = false
  let isEnded = false
  let vfs: Vfs | undefined
  const run = (): void => {
    if (isStopped) return
    const resume = wake
    wake = undefined
    resume?.()
    if (!drainMicrotasks()) throw new TypeError('a call that blocks was made within a microtask')
  }
  const idle = {
    spin: (last: number): boolean => !isStopped && Atomics.load(words, WORD_POSTED) !== last,
    sleep: (): Promise<void> => new Promise((resolve) => (wake = resolve)),
  }
  const loop = new ServingLoop(views, store, (id) => Promise.resolve(sent.get(id)!), idle)
  await loop.prepare()
  store.calls.length = 0
  void loop.run()
  await Promise.resolve()
  const thread = {
    post(message: { type: string; id?: number; memory?: WebAssembly.Memory }): void {
      if (message.memory !== undefined) sent.set(message.id!, message.memory)
    },
    listen(): void {},
    end: () => void (isEnded = true),
  }
  const channel = new Channel(views, thread, {
    deadlineMs: 2000,
    wait(_words, index, value) {
      run()
      return Atomics.load(words, index) === value ? 'timed-out' : 'ok'
    },
    waitAsync: (_words, index, value) => ({
      async: true,
      value: inTask(() => {
        run()
        return Atomics.load(words, index) === value ? 'timed-out' : 'ok'
      }),
    }),
  })
  const memories = new Memories(channel)
  return {
    views,
    store,
    channel,
    memories,
    content: new ChannelContent(channel, memories),
    metadata: new ChannelMetadata(channel),
    get vfs() {
      const release = (): Promise<void> => Promise.resolve()
      return (vfs ??= mount(channel, [], { name: 'one-thread', durability: 'relaxed', release }))
    },
    stop: () => void (isStopped = true),
    resume() {
      isStopped = false
      run()
    },
    get isEnded() {
      return isEnded
    },
  }
}
