import { expect, test } from 'vitest'
import { browserOf, systemOf } from './environment.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1'

test('a browser is told by its user agent, which names others too', () => {
  expect(browserOf(CHROME)).toMatchObject({ name: 'chromium', version: '156.0.0.0' })
  expect(browserOf(`${CHROME} Edg/156.0.1`)).toMatchObject({ name: 'edge', version: '156.0.1' })
  expect(browserOf(CHROME.replace('Chrome', 'HeadlessChrome'))).toMatchObject({ name: 'chromium' })
  expect(browserOf(FIREFOX)).toMatchObject({ name: 'firefox', version: '153.0' })
  expect(browserOf(SAFARI)).toMatchObject({ name: 'safari', version: '19.1' })
  expect(browserOf('curl/8')).toEqual({ name: 'browser', version: 'unknown', userAgent: 'curl/8' })
})

test('so is its system', () => {
  expect([CHROME, FIREFOX, SAFARI, 'curl/8'].map(systemOf)).toEqual([
    'Linux',
    'Windows',
    'iOS',
    'an unknown system',
  ])
})
