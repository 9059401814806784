import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { pack } from 'tar-stream'
import { compareText } from './value.ts'

const BLOCK_BYTES_MAX = 65_535

/**
 * A gzip file of stored (uncompressed) blocks. Deflate's output depends on the zlib build and the processor, so compressing
 * would give other bytes on another machine; a version store compresses the file anyway.
 */
function gzipStored(content: Uint8Array): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])]
  for (let at = 0; at < content.length || at === 0; at += BLOCK_BYTES_MAX) {
    const block = content.subarray(at, at + BLOCK_BYTES_MAX)
    const head = Buffer.alloc(5)
    head.writeUInt8(at + BLOCK_BYTES_MAX >= content.length ? 1 : 0, 0)
    head.writeUInt16LE(block.length, 1)
    head.writeUInt16LE(~block.length & 0xffff, 3)
    parts.push(head, block)
  }
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(content), 0)
  tail.writeUInt32LE(content.length >>> 0, 4)
  return Buffer.concat([...parts, tail])
}

/** A `tar.gz` with the same bytes on every machine: names sorted, no times, no owners, fixed header, stored blocks. */
export async function packReproducibly(files: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
  const archive = pack()
  for (const [name, bytes] of [...files].sort((a, b) => compareText(a[0], b[0]))) {
    const header = {
      name: `/${name}`,
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: '',
      gname: '',
      mtime: new Date(0),
      type: 'file',
    } as const
    archive.entry({ ...header, size: bytes.length }, Buffer.from(bytes))
  }
  archive.finalize()
  return gzipStored(await buffer(archive))
}
