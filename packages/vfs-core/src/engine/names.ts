// The rules for one path component. Called by every namespace operation of the engine.

import { NAME_MAX, PATH_MAX, VfsError } from '../contract/index.ts'

const utf8 = new TextEncoder()

/** Throws ENOENT, EINVAL, EILSEQ or ENAMETOOLONG unless `name` can be an entry's name. */
export function checkName(name: string, operation: string): void {
  if (name === '')
    throw new VfsError('ENOENT', operation, { path: name, detail: 'the name is empty' })
  if (name.includes('/') || name.includes('\0')) {
    throw new VfsError('EINVAL', operation, {
      path: name,
      detail: 'a name holds neither a slash nor a NUL',
    })
  }
  // A UTF-16 unit takes at most three bytes of UTF-8, so most names need no encoding to be measured.
  if (name.length * 3 > NAME_MAX && utf8.encode(name).length > NAME_MAX) {
    throw new VfsError('ENAMETOOLONG', operation, {
      path: `${name.slice(0, 32)}…`,
      detail: `a name has at most ${NAME_MAX} bytes`,
    })
  }
  if (hasLoneSurrogate(name)) throw new VfsError('EILSEQ', operation, { path: name })
}

/** Throws ENOENT, EILSEQ or ENAMETOOLONG unless `target` can be a symlink's. Returns its length in bytes. */
export function checkTarget(target: string, operation: string): number {
  if (target === '') throw new VfsError('ENOENT', operation, { detail: 'the target is empty' })
  if (target.includes('\0')) {
    throw new VfsError('EINVAL', operation, { path: target, detail: 'a target holds no NUL' })
  }
  const length = utf8.encode(target).length
  if (length > PATH_MAX) {
    throw new VfsError('ENAMETOOLONG', operation, {
      path: `${target.slice(0, 32)}…`,
      detail: `a target has at most ${PATH_MAX} bytes`,
    })
  }
  if (hasLoneSurrogate(target)) throw new VfsError('EILSEQ', operation, { path: target })
  return length
}

const loneSurrogate = /\p{Surrogate}/u

function hasLoneSurrogate(text: string): boolean {
  return loneSurrogate.test(text)
}
