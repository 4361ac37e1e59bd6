import { serveTasks } from '@wasm-vfs/core/testing'
import { openIoStore } from '../../src/io/open-store.ts'
import { RecordedFs } from './recorded-fs.ts'
const OPTIONS = {
  name: 'perf',
  durability: 'strict',
  windowMs: 500,
  maxHandles: 64,
  acceptMissing: false,
} as const
serveTasks({
  async perf(durability: 'strict' | 'relaxed') {
    const out: Record<string, unknown> = {}
    const time = async <T>(name: string, f: () => T | Promise<T>): Promise<T> => {
      const s = performance.now()
      const r = await f()
      out[name] = Math.round((performance.now() - s) * 10) / 10
      return r
    }
    const { store, tree } = await time('open new', () => openIoStore({ ...OPTIONS, durability }))
    const fs = new RecordedFs(tree.facts)
    const vfs = fs.vfs
    const dirs = Array.from({ length: 26 }, (_, i) => vfs.mkdir(1, `d${i}`, 0o755))
    const inos: number[] = []
    for (let i = 0; i < 981; i++) {
      const ino = vfs.create(dirs[i % 26]!, `f${i}`, 0o644)
      inos.push(ino)
      if (i % 5) vfs.write(ino, new Uint8Array(8192 * (i % 7 || 1)).fill(i), 0)
    }
    await vfs.sync()
    const calls = fs.take()
    await time('writes', async () => {
      for (const call of calls.slice(0, -2)) await call(store)
    })
    await time('first sync (' + calls.length + ')', async () => {
      for (const call of calls.slice(-2)) await call(store)
    })
    out['stats'] = JSON.stringify(store.stats())
    await time('open 100 files and read', async () => {
      const b = new Uint8Array(8192)
      for (let i = 1; i < 500; i += 5) await store.read(inos[i]!, b, 0)
    })
    await time('write 100 8K warm-ish', async () => {
      const b = new Uint8Array(8192)
      for (let i = 1; i < 500; i += 5) await store.write(inos[i]!, b, 0, 8192)
    })
    await time('fsync 100', async () => {
      for (let i = 1; i < 500; i += 5) await store.fsync(inos[i]!)
    })
    await time('close', () => store.close(true))
    const again = await time('reopen clean', () => openIoStore({ ...OPTIONS, durability }))
    await time('write 50 others', async () => {
      const b = new Uint8Array(8192)
      for (let i = 2; i < 250; i += 5) await again.store.write(inos[i]!, b, 0, 8192)
    })
    await again.store.close(false)
    const third = await time('reopen unclean', () => openIoStore({ ...OPTIONS, durability }))
    out['unflushed'] = third.tree.unflushed?.length
    await time('close unclean', () => third.store.close(true))
    const root = await navigator.storage.getDirectory()
    await time('remove', () => root.removeEntry('perf', { recursive: true }))
    return out
  },
})
