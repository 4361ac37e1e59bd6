// What a page can know of the browser and the machine it runs on. Called by open.ts.

import type { Environment } from '../../schema.ts'

/** Written beside the page by ../../open/open.ts when it was built. */
export interface Build {
  readonly pglite: string
  readonly commit?: string | undefined
}

/** In this order, because each names those after it as well. */
const BROWSERS = [
  ['edge', /\bEdg\/([\d.]+)/],
  ['chromium', /Chrom(?:e|ium)\/([\d.]+)/],
  ['firefox', /\bFirefox\/([\d.]+)/],
  ['safari', /\bVersion\/([\d.]+).*\bSafari\//],
] as const

const SYSTEMS = [
  ['Android', /Android [\d.]+/],
  ['iOS', /(?:iPhone |CPU )OS [\d_]+/],
  ['Windows', /Windows NT [\d.]+/],
  ['macOS', /Mac OS X [\d_.]+/],
  ['ChromeOS', /CrOS [\w.]+/],
  ['Linux', /Linux [\w.]+/],
] as const

export function browserOf(userAgent: string): Environment['browser'] {
  for (const [name, pattern] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1]
    if (version !== undefined) return { name, version, userAgent }
  }
  return { name: 'browser', version: 'unknown', userAgent }
}

export function systemOf(userAgent: string): string {
  return SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'an unknown system'
}

export function describePage(build: Build): Environment {
  const { userAgent, hardwareConcurrency } = navigator
  // In Chromium alone, and never more than 8 or 32 there.
  const { deviceMemory } = navigator as { deviceMemory?: number }
  return {
    date: new Date().toISOString(),
    browser: browserOf(userAgent),
    os: systemOf(userAgent),
    cpu: 'unknown',
    cores: hardwareConcurrency,
    ...(deviceMemory !== undefined && { memoryGiB: deviceMemory }),
    fileSystem: 'unknown',
    ...build,
  }
}
