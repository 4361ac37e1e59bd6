// Test programs that come without types, as far as modules.ts uses them.

declare module '@ffmpeg/core'

declare module 'wasm-git/lg2.js'

declare module 'wasm-git/lg2_opfs.js'

declare module '@php-wasm/node-8-3' {
  import type { PHPLoaderModule } from '@php-wasm/universal'
  export function getPHPLoaderModule(): Promise<PHPLoaderModule>
}
