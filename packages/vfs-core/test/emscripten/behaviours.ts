// The list of behaviours that the glue shows in every Emscripten release.

import type { Behaviour } from './behaviour.ts'
import { attributes } from './behaviours/attributes.ts'
import { content } from './behaviours/content.ts'
import { errors } from './behaviours/errors.ts'
import { mounts } from './behaviours/mounts.ts'
import { names } from './behaviours/names.ts'
import { streams } from './behaviours/streams.ts'

export const behaviours: Readonly<Record<string, readonly Behaviour[]>> = {
  content,
  names,
  attributes,
  streams,
  errors,
  mounts,
}
