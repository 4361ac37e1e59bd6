import { defineModelTests } from '../../vfs-core/test/model/in-browsers.ts'
import { crampedTarget, opfsAhpTarget } from './opfs-ahp.target.ts'

defineModelTests(
  [opfsAhpTarget, crampedTarget],
  (name) => new Worker(new URL('./model.worker.ts', import.meta.url), { type: 'module', name }),
)
