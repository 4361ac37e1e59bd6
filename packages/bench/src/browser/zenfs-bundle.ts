// ZenFS by itself, bundled apart (../site.ts): it imports `buffer`, which esbuild takes for Node's own
// anywhere else. Loaded by URL in ../backends/zenfs.ts.

export { configureSingle, fs, umount } from '@zenfs/core'
export { IndexedDB, WebAccess } from '@zenfs/dom'
