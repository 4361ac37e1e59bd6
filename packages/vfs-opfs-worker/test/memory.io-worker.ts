import { serveIoStore } from '../src/channel/serve.ts'
import { openMemoryIoStore } from './memory-io-store.ts'

serveIoStore(openMemoryIoStore)
