import type { BenchDocument } from '../schema.ts'
export function publishRuns(_: readonly BenchDocument[]): string[] {
  return []
}
