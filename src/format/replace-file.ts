import { open, rename } from 'node:fs/promises'

const OWNER_ONLY = 0o600

/** Writes a file that its owner alone can read: there is the old content or the new one at any moment. Only one call at a time. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`
  const written = await open(temporary, 'w', OWNER_ONLY)
  try {
    await written.writeFile(text)
    await written.sync()
  } finally {
    await written.close()
  }
  await rename(temporary, file)
}
