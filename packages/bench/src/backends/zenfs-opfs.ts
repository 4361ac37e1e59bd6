import type { Backend } from './backend.ts'
import { zenfsOpener } from './zenfs.ts'

export const zenfsOpfs: Backend = {
  name: 'zenfs-opfs',
  summary:
    '@zenfs/core with @zenfs/dom’s WebAccess on OPFS: asynchronous, a writable stream per write',
  quick: false,
  durabilities: ['relaxed'],
  persistent: true,
  needs: ['opfs'],
  caveats: { relaxed: 'flushes nothing by itself; each write replaces the file by a changed copy' },
  files: () =>
    zenfsOpener(async ({ configureSingle, WebAccess }, store) => {
      const root = await navigator.storage.getDirectory()
      const handle = await root.getDirectoryHandle(store, { create: true })
      await configureSingle({ backend: WebAccess, handle })
    }),
}
