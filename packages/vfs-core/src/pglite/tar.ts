// dumpDataDir: the whole Vfs as a tar file, in the ustar format (POSIX.1-2024, pax), which PGlite's
// loadDataDir and every tar read. Written here because PGlite keeps its own writer to itself.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  VfsError,
  type Attributes,
  type Ino,
  type Vfs,
} from '../contract/index.ts'

export type TarCompression = 'none' | 'gzip' | 'auto'

const BLOCK = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155
/** Eleven octal digits. */
const SIZE_MAX = 8 ** 11 - 1

// Offsets and lengths of the fields of a header.
const FIELD = {
  name: [0, NAME_BYTES],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  target: [157, NAME_BYTES],
  magic: [257, 8],
  prefix: [345, PREFIX_BYTES],
} as const

const TYPE = { file: '0', symlink: '2', directory: '5' } as const
const MAGIC = 'ustar\x0000'

const utf8 = new TextEncoder()

/** Errors: ENAMETOOLONG, EFBIG for what the format cannot hold; ENOTSUP for gzip where there is none. */
export async function dumpTar(
  vfs: Vfs,
  databaseName: string,
  compression: TarCompression,
): Promise<File | Blob> {
  const canCompress = typeof CompressionStream === 'function'
  if (compression === 'gzip' && !canCompress) {
    throw new VfsError('ENOTSUP', 'dumpTar', {
      detail: "this JavaScript engine has no CompressionStream; use 'none' or 'auto'",
    })
  }
  const parts: Uint8Array<ArrayBuffer>[] = []
  addEntries(vfs, ROOT_INO, '', parts)
  // The end of the archive: two blocks of zeros.
  parts.push(new Uint8Array(2 * BLOCK))
  const tar = new Blob(parts)
  if (compression === 'none' || !canCompress) {
    return named(tar, `${databaseName}.tar`, 'application/x-tar')
  }
  const zipped = tar.stream().pipeThrough(new CompressionStream('gzip'))
  const blob = await new Response(zipped).blob()
  return named(blob, `${databaseName}.tar.gz`, 'application/x-gzip')
}

function named(content: Blob, name: string, type: string): File | Blob {
  return typeof File === 'function'
    ? new File([content], name, { type })
    : new Blob([content], { type })
}

function addEntries(
  vfs: Vfs,
  directory: Ino,
  path: string,
  parts: Uint8Array<ArrayBuffer>[],
): void {
  for (const { name, ino } of vfs.readdir(directory)) {
    const entryPath = path + name
    const attributes = vfs.getattr(ino)
    if (isDirectory(attributes.mode)) {
      parts.push(header(`${entryPath}/`, attributes, TYPE.directory, 0))
      addEntries(vfs, ino, `${entryPath}/`, parts)
    } else if (isSymlink(attributes.mode)) {
      parts.push(header(entryPath, attributes, TYPE.symlink, 0, vfs.readlink(ino)))
    } else {
      parts.push(header(entryPath, attributes, TYPE.file, attributes.size))
      parts.push(paddedContent(vfs, ino, attributes.size))
    }
  }
}

function paddedContent(vfs: Vfs, ino: Ino, size: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(Math.ceil(size / BLOCK) * BLOCK)
  const read = vfs.read(ino, content.subarray(0, size), 0)
  if (read !== size) {
    throw new VfsError('EIO', 'dumpTar', { detail: `read ${read} bytes of a file of ${size}` })
  }
  return content
}

function header(
  path: string,
  attributes: Attributes,
  type: string,
  size: number,
  target: string = '',
): Uint8Array<ArrayBuffer> {
  if (size > SIZE_MAX) {
    throw new VfsError('EFBIG', 'dumpTar', {
      path,
      detail: `a tar entry has at most ${SIZE_MAX} bytes`,
    })
  }
  const block = new Uint8Array(BLOCK)
  const [prefix, name] = splitPath(path)
  put(block, FIELD.name, name)
  put(block, FIELD.prefix, prefix)
  put(block, FIELD.target, encode(target, NAME_BYTES, path))
  putOctal(block, FIELD.mode, attributes.mode & 0o7777)
  putOctal(block, FIELD.uid, 0)
  putOctal(block, FIELD.gid, 0)
  putOctal(block, FIELD.size, size)
  putOctal(block, FIELD.mtime, Math.max(0, Math.floor(attributes.mtime / 1000)))
  put(block, FIELD.type, utf8.encode(type))
  put(block, FIELD.magic, utf8.encode(MAGIC))
  // The sum of all bytes, the checksum itself counted as spaces.
  put(block, FIELD.checksum, utf8.encode('        '))
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(block, FIELD.checksum, utf8.encode(`${sum.toString(8).padStart(6, '0')}\x00 `))
  return block
}

/** A path too long for the name field continues in the prefix, cut at a slash, which is left out. */
function splitPath(path: string): [prefix: Uint8Array, name: Uint8Array] {
  const whole = utf8.encode(path)
  if (whole.length <= NAME_BYTES) return [new Uint8Array(0), whole]
  // A directory's own trailing slash is no place to cut.
  for (let cut = path.indexOf('/'); cut !== -1 && cut < path.length - 1;) {
    const name = utf8.encode(path.slice(cut + 1))
    if (name.length <= NAME_BYTES) return [encode(path.slice(0, cut), PREFIX_BYTES, path), name]
    cut = path.indexOf('/', cut + 1)
  }
  throw new VfsError('ENAMETOOLONG', 'dumpTar', { path, detail: 'tar cannot hold the name' })
}

function encode(text: string, length: number, path: string): Uint8Array {
  const encoded = utf8.encode(text)
  if (encoded.length <= length) return encoded
  throw new VfsError('ENAMETOOLONG', 'dumpTar', { path, detail: 'tar cannot hold the name' })
}

function put(block: Uint8Array, [offset]: readonly [number, number], value: Uint8Array): void {
  block.set(value, offset)
}

function putOctal(block: Uint8Array, field: readonly [number, number], value: number): void {
  put(block, field, utf8.encode(value.toString(8).padStart(field[1] - 1, '0')))
}
