// A browser that does not answer: a call of OPFS whose promise never settles, for tests of deadlines.

import type { SimulatedOpfs } from './simulated-opfs.ts'

/** `call` is not answered any more, by whichever of the simulation's handles has it. Returns what ends that. */
export async function silence(opfs: SimulatedOpfs, call: string): Promise<() => void> {
  const file = await opfs.root.getFileHandle('silence', { create: true })
  await opfs.root.removeEntry('silence')
  const owner = [opfs.root, file].find((handle) => call in handle)
  if (owner === undefined) throw new TypeError(`OPFS has no call '${call}'`)
  const handles = Object.getPrototypeOf(owner) as Record<string, unknown>
  const answered = handles[call]
  const never = (): Promise<never> => new Promise(() => {})
  handles[call] = call === 'entries' ? () => ({ next: never }) : never
  return () => (handles[call] = answered)
}
