// The document as text: a line per cell, so that two files can be compared by eye and by diff.

import type { BenchDocument } from '../schema.ts'

export function renderJson(document: BenchDocument): string {
  const { results, probes, ...head } = document
  const opening = JSON.stringify(head, undefined, 2).replace(/\n\}$/, '')
  return `${opening},\n  "results": ${lines(results)},\n  "probes": ${lines(probes)}\n}\n`
}

function lines(items: readonly object[]): string {
  if (items.length === 0) return '[]'
  return `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
}
