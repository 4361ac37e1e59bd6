import { serveTasks } from '@wasm-vfs/core/testing'
import { rules } from './rules.ts'

serveTasks({
  async rule(name: string) {
    const root = await navigator.storage.getDirectory()
    const folder = `rules-${crypto.randomUUID()}`
    const directory = await root.getDirectoryHandle(folder, { create: true })
    try {
      await rules.find((rule) => rule.name === name)!.run(directory)
    } finally {
      await root.removeEntry(folder, { recursive: true })
    }
  },
})
