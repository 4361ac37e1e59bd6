// Real programs at work on a mounted Vfs, each through its own libc and runtime.

import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { PyodideAPI } from 'pyodide'
import { openMemory } from '../../src/index.ts'
import { ROOT_INO, walk, type Vfs } from '../../src/contract/index.ts'
import { mount } from '../../src/emscripten/index.ts'
import { Instrumented } from './instrumented.ts'
import { loadFfmpeg, loadGit, loadPhp, loadPython } from './modules.ts'
import type { FfmpegModule, GitModule, PhpProgram } from './modules.ts'

const LOADING = 60_000

function content(vfs: Vfs, path: string): string {
  const ino = walk(vfs, path)
  const into = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, into, 0)
  return new TextDecoder().decode(into)
}

const names = (vfs: Vfs, path: string): string[] =>
  vfs.readdir(walk(vfs, path)).map((entry) => entry.name)

describe('Python (Pyodide)', () => {
  let python: PyodideAPI
  let instrumented: Instrumented

  beforeAll(async () => {
    python = await loadPython()
    instrumented = new Instrumented(await openMemory())
    mount(python.FS, instrumented.vfs, '/data')
  }, LOADING)

  /** Runs a script; its last expression, as JSON. */
  const run = (script: string): unknown =>
    JSON.parse(python.runPython(`import json, os\n${script}\njson.dumps(result)`) as string)

  it('reads, writes, appends, seeks and truncates', () => {
    const result = run(`
with open('/data/f', 'wb') as f:
    f.write(b'0123456789' * 10_000)
with open('/data/f', 'ab') as f:
    f.write(b'end')
with open('/data/f', 'r+b') as f:
    f.seek(-3, os.SEEK_END)
    tail = f.read()
    f.truncate(99_995)
    f.seek(100_010)
    f.write(b'!')
with open('/data/f', 'rb') as f:
    data = f.read()
result = [tail.decode(), len(data), data[-20:].hex(), os.stat('/data/f').st_size]`)
    expect(result).toEqual(['end', 100_011, `31323334${'00'.repeat(15)}21`, 100_011])
  })

  it('replaces a file atomically, with fsync of the file and of its directory', () => {
    instrumented.reset()
    const result = run(`
for text in ('old', 'new'):
    with open('/data/config.tmp', 'w') as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
    os.replace('/data/config.tmp', '/data/config')
    fd = os.open('/data', os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)
os.unlink('/data/config')
gone = os.path.exists('/data/config')
open('/data/config', 'w').close()
result = [gone, os.path.getsize('/data/config')]`)
    expect(result).toEqual([false, 0])
    const fsyncs = instrumented.calls.filter(({ operation }) => operation === 'fsync')
    expect(fsyncs).toHaveLength(4)
    expect(fsyncs[1]?.args[0]).toBe(ROOT_INO)
  })

  it('maps a file, and writes the mapping back', () => {
    const result = run(`
import mmap
with open('/data/mapped', 'w+b') as f:
    f.write(b'a' * 5000)
    f.flush()
    with mmap.mmap(f.fileno(), 0) as m:
        before = m[4998:].decode()
        m[0:5] = b'HELLO'
        m.flush()
        m[4995:] = b'WORLD'
result = [before, open('/data/mapped').read(6), os.path.getsize('/data/mapped')]`)
    expect(result).toEqual(['aa', 'HELLOa', 5000])
    expect(content(instrumented.vfs, '/mapped').slice(-6)).toBe('aWORLD')
  })

  it('keeps an unlinked file until its last descriptor is closed', () => {
    const result = run(`
fd = os.open('/data/temporary', os.O_RDWR | os.O_CREAT | os.O_EXCL)
os.write(fd, b'still here')
copy = os.dup(fd)
os.unlink('/data/temporary')
os.close(fd)
size = os.fstat(copy).st_size
data = os.pread(copy, 100, 0).decode()
os.ftruncate(copy, 5)
result = [size, data, os.fstat(copy).st_size, os.fstat(copy).st_nlink]
os.close(copy)`)
    expect(result).toEqual([10, 'still here', 5, 0])
    expect(names(instrumented.vfs, '/')).not.toContain('temporary')
  })

  it('walks trees: inode numbers of readdir and stat agree, links resolve, errors have names', () => {
    const result = run(`
import errno, shutil
os.makedirs('/data/tree/a/b')
for i in range(100):
    open(f'/data/tree/a/b/{i}', 'w').write(str(i))
os.symlink('a/b', '/data/tree/link')
agree = all(e.inode() == e.stat(follow_symlinks=False).st_ino
            for d in ('/data', '/data/tree/a/b') for e in os.scandir(d))
os.rename('/data/tree/a', '/data/tree/moved')
dangling = os.path.exists('/data/tree/link/7')
shutil.copytree('/data/tree/moved', '/data/copy')
codes = []
for call in (lambda: os.rmdir('/data/copy'), lambda: os.mkdir('/data/copy'),
             lambda: os.rename('/data/copy', '/tmp/x')):
    try:
        call()
    except OSError as e:
        codes.append(errno.errorcode[e.errno])
total = sum(int(open(f'/data/copy/b/{n}').read()) for n in os.listdir('/data/copy/b'))
shutil.rmtree('/data/tree')
shutil.rmtree('/data/copy')
result = [agree, dangling, codes, total]`)
    expect(result).toEqual([true, false, ['ENOTEMPTY', 'EEXIST', 'EXDEV'], 4950])
  })

  it('sets modes, times and sizes, and asks for the space', () => {
    const result = run(`
open('/data/g', 'w').write('x')
os.chmod('/data/g', 0o640)
os.utime('/data/g', (1_000_000_000, 1_200_000_000.5))
s = os.stat('/data/g')
os.truncate('/data/g', 10_000)
v = os.statvfs('/data')
result = [oct(s.st_mode), s.st_atime, s.st_mtime, os.path.getsize('/data/g'),
          v.f_bsize, v.f_namemax, v.f_bfree > 0]`)
    expect(result).toEqual(['0o100640', 1e9, 1_200_000_000.5, 10_000, 4096, 255, true])
  })
})

describe('PHP (php-wasm)', () => {
  let program: PhpProgram
  let instrumented: Instrumented

  beforeAll(async () => {
    program = await loadPhp()
    instrumented = new Instrumented(await openMemory())
    mount(program.module.FS, instrumented.vfs, '/data')
  }, LOADING)

  const run = async (code: string): Promise<unknown> => {
    const { text, errors } = await program.php.run({
      code: `<?php ${code} echo json_encode($result);`,
    })
    expect(errors).toBe('')
    return JSON.parse(text)
  }

  it('writes, locks, replaces and lists files', async () => {
    const result = await run(`
      file_put_contents('/data/a', 'one');
      file_put_contents('/data/a', ' two', FILE_APPEND | LOCK_EX);
      rename('/data/a', '/data/b');
      mkdir('/data/d/e', 0755, true);
      touch('/data/d/e/f', 1000000000);
      clearstatcache();
      $result = [file_get_contents('/data/b'), file_exists('/data/a'), scandir('/data'),
                 filemtime('/data/d/e/f'), @rmdir('/data/d'), is_dir('/data/d')];`)
    expect(result).toEqual(['one two', false, ['.', '..', 'b', 'd'], 1e9, false, true])
  })

  it('fsync reaches the Vfs and does not suspend the program (Asyncify, 4.0.19)', async () => {
    instrumented.reset()
    const result = await run(`
      $f = fopen('/data/synced', 'w');
      fwrite($f, 'durable');
      $result = fsync($f);`)
    expect(result).toBe(true)
    const synced = instrumented.calls.filter(({ operation }) => operation === 'fsync')
    expect(synced.map(({ args }) => args[0])).toEqual([walk(instrumented.vfs, '/synced')])
  })

  it('runs SQLite, with its journal', async () => {
    const result = await run(`
      $db = new SQLite3('/data/db.sqlite');
      $db->exec('CREATE TABLE t (n INTEGER PRIMARY KEY, t TEXT)');
      $db->exec('BEGIN');
      for ($i = 0; $i < 500; $i++) $db->exec("INSERT INTO t VALUES ($i, hex(randomblob(50)))");
      $db->exec('COMMIT');
      $db->exec('BEGIN; DELETE FROM t; ROLLBACK');
      $db->close();
      $db = new SQLite3('/data/db.sqlite');
      $result = [$db->querySingle('SELECT sum(n) FROM t'), $db->querySingle('PRAGMA integrity_check')];
      $db->close();`)
    expect(result).toEqual([124_750, 'ok'])
    expect(names(instrumented.vfs, '/')).not.toContain('db.sqlite-journal')
  })
})

describe('git (wasm-git)', () => {
  it(
    'makes a repository, commits and reads it back',
    async () => {
      // It prints what it also returns.
      const log = vi.spyOn(console, 'log').mockImplementation(() => {})
      const git: GitModule = await loadGit()
      const vfs = await openMemory()
      mount(git.FS, vfs, '/repository')
      git.FS.chdir('/repository')
      git.FS.writeFile('/home/web_user/.gitconfig', '[user]\nname = A\nemail = a@example.org\n')
      git.callWithOutput(['init', '.'])
      for (let n = 0; n < 20; n++) git.FS.writeFile(`/repository/${n}.txt`, `file ${n}\n`)
      git.callWithOutput(['add', '.'])
      git.callWithOutput(['commit', '-m', 'all of it'])
      git.FS.unlink('/repository/3.txt')
      expect(git.callWithOutput(['log'])).toContain('all of it')
      expect(git.callWithOutput(['status'])).toContain('3.txt')
      expect(content(vfs, '/.git/HEAD')).toMatch(/^ref: refs\/heads\//)
      expect(names(vfs, '/.git/objects').length).toBeGreaterThan(3)
      log.mockRestore()
    },
    LOADING,
  )
})

describe('FFmpeg', () => {
  it(
    'encodes into a file and decodes it again',
    async () => {
      const ffmpeg: FfmpegModule = await loadFfmpeg()
      const log: string[] = []
      ffmpeg.setLogger(({ message }) => log.push(message))
      const vfs = await openMemory()
      mount(ffmpeg.FS, vfs, '/media')
      const source = 'testsrc=duration=1:size=64x48:rate=10'
      expect(ffmpeg.exec('-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '/media/v.mp4')).toBe(0)
      expect(content(vfs, '/v.mp4').slice(4, 8)).toBe('ftyp')
      expect(ffmpeg.exec('-i', '/media/v.mp4', '/media/frame-%02d.ppm')).toBe(0)
      expect(names(vfs, '/').filter((name) => name.endsWith('.ppm'))).toHaveLength(10)
      expect(content(vfs, '/frame-10.ppm').slice(0, 8)).toBe('P6\n64 48')
    },
    LOADING,
  )
})
