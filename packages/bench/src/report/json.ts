// The document as text and back: a line per cell, so that two files can be compared by eye and by diff.

import { SCHEMA, type BenchDocument } from '../schema.ts'

export function renderJson(document: BenchDocument): string {
  const { results, probes, ...head } = document
  const opening = JSON.stringify(head, undefined, 2).replace(/\n\}$/, '')
  return `${opening},\n  "results": ${lines(results)},\n  "probes": ${lines(probes)}\n}\n`
}

/** Throws an Error with words for the user if the text is something else. */
export function parseJson(text: string): BenchDocument {
  const document: unknown = JSON.parse(text)
  const schema = (document as { readonly schema?: unknown } | null)?.schema
  if (schema !== SCHEMA) throw new Error(`not the results of a run: its schema is not ${SCHEMA}`)
  return document as BenchDocument
}

function lines(items: readonly object[]): string {
  if (items.length === 0) return '[]'
  return `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
}
