// The conformance suite on the memory backend in Node.

import { defineConformance } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { memoryTarget } from './memory.target.ts'

defineConformance({ describe, it }, memoryTarget)
