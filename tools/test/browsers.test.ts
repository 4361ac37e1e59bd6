import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensureBrowser, findBrowser } from '../browsers.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wasm-vfs-path-'))
  vi.stubEnv('CHROMIUM_PATH', undefined)
  vi.stubEnv('PATH', directory)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true, force: true })
})

async function executable(name: string, script: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

test('a launcher that only tells how to get the browser is passed over', async () => {
  await executable('chromium-browser', 'echo "install the snap 1.2" >&2; exit 1')
  const chrome = await executable('google-chrome', 'echo "Google Chrome 145.0.7632.6 "')
  expect(await findBrowser('chromium')).toEqual({
    name: 'chromium',
    executablePath: chrome,
    version: '145.0.7632.6',
  })
})

test('the environment variable has the only say', async () => {
  await executable('chromium', 'echo "Chromium 150.0.1.2"')
  const chosen = await executable('mine', 'echo "Chromium 99.0.3.4"')
  vi.stubEnv('CHROMIUM_PATH', chosen)
  expect(await findBrowser('chromium')).toMatchObject({
    executablePath: chosen,
    version: '99.0.3.4',
  })
  vi.stubEnv('CHROMIUM_PATH', join(directory, 'missing'))
  expect(await findBrowser('chromium')).toBeUndefined()
})

test('a browser that does not start is refused with the reason and what to do', async () => {
  const broken = await executable(
    'broken',
    '[ "$1" = --version ] && echo "Chromium 99.0.3.4" && exit\necho "no libnss3" >&2\nexit 127',
  )
  vi.stubEnv('CHROMIUM_PATH', broken)
  await expect(ensureBrowser('chromium')).rejects.toThrow(
    /No chromium could be found[^]*broken: [^]*apt-get install chromium[^]*CHROMIUM_PATH/,
  )
})
