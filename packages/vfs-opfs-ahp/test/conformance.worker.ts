import { serveConformance } from '@wasm-vfs/core/testing'
import { opfsAhpTarget } from './opfs-ahp.target.ts'

serveConformance(opfsAhpTarget)
