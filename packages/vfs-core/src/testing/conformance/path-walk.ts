// Whole paths, through the contract's own `walk` and `walkToParent`: what a backend's lookup,
// getattr and readlink add up to.

import {
  PATH_MAX,
  ROOT_INO,
  SYMLOOP_MAX,
  walk,
  walkToParent,
  type Vfs,
} from '../../contract/index.ts'
import { check, equal, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { writeFile } from '../content.ts'

interface Places {
  readonly outer: number
  readonly inner: number
  readonly file: number
}

/** `/outer/inner/file` */
function makePlaces(vfs: Vfs): Places {
  const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
  const inner = vfs.mkdir(outer, 'inner', 0o755)
  return { outer, inner, file: writeFile(vfs, 'file', undefined, inner) }
}

export const pathWalk: Requirement = requirement('path walk', [
  {
    name: 'a path leads from the root, with or without its slash',
    run({ vfs }) {
      const { outer, inner, file } = makePlaces(vfs)
      const paths: [string, number][] = [
        ['/', ROOT_INO],
        ['.', ROOT_INO],
        ['//', ROOT_INO],
        ['/outer', outer],
        ['outer/inner', inner],
        ['/outer//inner///file', file],
        ['/outer/./inner/.', inner],
        ['/outer/inner/..', outer],
        ['/outer/inner/../inner/../../outer/inner/file', file],
        ['/..', ROOT_INO],
        ['/../../outer', outer],
        ['/outer/inner/', inner],
      ]
      for (const [path, ino] of paths) equal(walk(vfs, path), ino, `the inode of '${path}'`)
    },
  },
  {
    name: 'a missing component is ENOENT, a file in the middle ENOTDIR, and the error names the path',
    run({ vfs }) {
      makePlaces(vfs)
      for (const path of ['/missing', '/outer/missing', '/missing/file', '/outer/missing/file']) {
        equal(throwsError('ENOENT', 'walk', () => walk(vfs, path)).path, path, 'the path')
      }
      for (const path of ['/outer/inner/file/x', '/outer/inner/file/.', '/outer/inner/file/']) {
        equal(throwsError('ENOTDIR', 'walk', () => walk(vfs, path)).path, path, 'the path')
      }
      throwsError('ENOENT', 'walk', () => walk(vfs, ''))
    },
  },
  {
    name: 'symlinks are followed: relative, absolute, through dots, in the middle and at the end',
    run({ vfs }) {
      const { outer, inner, file } = makePlaces(vfs)
      vfs.symlink(inner, 'relative', 'file')
      vfs.symlink(inner, 'up', '../inner/./file')
      vfs.symlink(ROOT_INO, 'absolute', '/outer/inner')
      vfs.symlink(outer, 'root', '/')
      vfs.symlink(ROOT_INO, 'chain', 'absolute')
      const paths: [string, number][] = [
        ['/outer/inner/relative', file],
        ['/outer/inner/up', file],
        ['/absolute', inner],
        ['/absolute/file', file],
        ['/absolute/..', outer],
        ['/outer/root/outer/inner', inner],
        ['/chain/relative', file],
        ['/chain/', inner],
      ]
      for (const [path, ino] of paths) equal(walk(vfs, path), ino, `the inode of '${path}'`)
    },
  },
  {
    name: 'without follow the last symlink is the result, and only the last',
    run({ vfs }) {
      const { inner } = makePlaces(vfs)
      const link = vfs.symlink(ROOT_INO, 'link', 'outer/inner')
      const last = vfs.symlink(inner, 'last', 'file')
      equal(walk(vfs, '/link', { follow: false }), link, 'the link')
      equal(walk(vfs, '/link/last', { follow: false }), last, 'the link below a link')
      equal(walk(vfs, '/link/', { follow: false }), inner, 'what a trailing slash asks for')
    },
  },
  {
    name: 'a symlink to nowhere is ENOENT when followed',
    run({ vfs }) {
      const link = vfs.symlink(ROOT_INO, 'dangling', 'nowhere')
      throwsError('ENOENT', 'walk', () => walk(vfs, '/dangling'))
      throwsError('ENOENT', 'walk', () => walk(vfs, '/dangling/x'))
      equal(walk(vfs, '/dangling', { follow: false }), link, 'the link itself')
    },
  },
  {
    name: `${SYMLOOP_MAX} symlinks are followed, one more is ELOOP`,
    run({ vfs }) {
      const file = writeFile(vfs, 'link0')
      for (let index = 1; index <= SYMLOOP_MAX + 1; index++) {
        vfs.symlink(ROOT_INO, `link${index}`, `link${index - 1}`)
      }
      equal(walk(vfs, `/link${SYMLOOP_MAX}`), file, 'the end of the chain')
      throwsError('ELOOP', 'walk', () => walk(vfs, `/link${SYMLOOP_MAX + 1}`))
    },
  },
  {
    name: 'symlinks that lead in a circle are ELOOP',
    run({ vfs }) {
      vfs.symlink(ROOT_INO, 'self', 'self')
      vfs.symlink(ROOT_INO, 'ping', 'pong/x')
      vfs.symlink(ROOT_INO, 'pong', 'ping/x')
      for (const path of ['/self', '/self/x', '/ping', '/pong']) {
        throwsError('ELOOP', 'walk', () => walk(vfs, path))
      }
    },
  },
  {
    name: `a path of ${PATH_MAX} bytes works, a longer one is ENAMETOOLONG`,
    run({ vfs }) {
      vfs.mkdir(ROOT_INO, 'd', 0o755)
      const component = 'd/../'
      const longest = component
        .repeat(Math.floor(PATH_MAX / component.length))
        .padEnd(PATH_MAX, '/')
      equal(walk(vfs, longest), ROOT_INO, 'the inode of the longest path')
      throwsError('ENAMETOOLONG', 'walk', () => walk(vfs, `${longest}/`))
      const wide = `${'\u20ac'.repeat(80)}/`
      const path = wide.repeat(Math.floor(PATH_MAX / 241) + 1)
      check(path.length < PATH_MAX, 'fewer characters than bytes')
      throwsError('ENAMETOOLONG', 'walk', () => walk(vfs, path))
    },
  },
  {
    name: 'walkToParent gives the directory and the last name, existing or not',
    run({ vfs }) {
      const { outer, inner } = makePlaces(vfs)
      vfs.symlink(ROOT_INO, 'link', 'outer/inner')
      equal(walkToParent(vfs, '/outer/new'), { parent: outer, name: 'new' }, 'a new name')
      equal(walkToParent(vfs, '/outer/inner'), { parent: outer, name: 'inner' }, 'a taken name')
      equal(walkToParent(vfs, '/link/file'), { parent: inner, name: 'file' }, 'below a symlink')
      equal(walkToParent(vfs, '/link'), { parent: ROOT_INO, name: 'link' }, 'a symlink')
      equal(walkToParent(vfs, '/'), { parent: ROOT_INO, name: '.' }, 'the root')
      throwsError('ENOENT', 'walk', () => walkToParent(vfs, '/missing/new'))
    },
  },
])
