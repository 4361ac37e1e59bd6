// The conformance suite on the engine with replayed metadata: what every persistent backend shares.

import { defineConformance } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { channelTarget, logTarget, transactionTarget } from './replay.target.ts'

defineConformance({ describe, it }, logTarget)
defineConformance({ describe, it }, transactionTarget)
defineConformance({ describe, it }, channelTarget)
