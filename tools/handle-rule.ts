// Sync access handles are opened in one place, `openAccessHandle` of the core: whoever calls the browser itself
// may wait without end, because Chromium drops the call when its file handle is garbage collected. Kept by
// `pnpm lint` in all sources, tests and tools, in strings too (a worker may be made of one).

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesBelow, ROOT, workspacePackages } from './workspace.ts'

/** Who may call it, or has something of its name, and why nothing can be dropped there. */
const MAY_CALL: Readonly<Record<string, string>> = {
  'packages/vfs-core/src/storage/access-handle.ts': 'keeps the file handle: the one place',
  'packages/vfs-core/src/testing/simulated-opfs/handles.ts': 'is the simulation of it',
  'packages/vfs-core/test/simulated-opfs/rules.ts': 'tests how the call itself is refused',
  'packages/vfs-core/test/storage/collected.worker.ts':
    'shows that without the file handle it hangs',
  'packages/bench/src/browser/handle-watch.ts': 'wraps it, and keeps `this` until it has settled',
  'packages/bench/src/browser/wipe.browser.test.ts':
    'is a worker without imports, and keeps the file handle in a global',
  'tools/test/handle-rule.test.ts': 'tests this rule',
}

const CALL = /\bcreateSyncAccessHandle['"`]?\]?\s*(?:!|\?\.)?\s*(?:\(|\.\s*(?:call|apply|bind)\b)/
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** The files of a source tree that call it and may not. */
export async function callers(root: string): Promise<string[]> {
  const packages = await workspacePackages(root)
  const directories = ['tools', ...packages.map(({ folder }) => `packages/${folder}`)]
  const found: string[] = []
  for (const directory of directories) {
    const sources = directory.startsWith('packages') ? /^(src|test)\/.*\.ts$/ : /\.ts$/
    for (const path of (await filesBelow(join(root, directory))).filter((each) =>
      sources.test(each),
    )) {
      const file = `${directory}/${path}`
      if (file in MAY_CALL) continue
      const text = await readFile(join(root, file), 'utf8')
      if (CALL.test(text.replace(COMMENT, ''))) found.push(file)
    }
  }
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await callers(ROOT)
  for (const file of found) {
    console.error(
      `${file}: calls createSyncAccessHandle; openAccessHandle of @wasm-vfs/core/backend does it`,
    )
  }
  if (found.length > 0) process.exitCode = 1
}
