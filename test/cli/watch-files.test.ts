import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { watchFiles } from '../../src/cli/support/watch-files.ts'
import { folder } from './harness.ts'

/** Within this time a change has to be seen, ms. */
const SEEN_MS = 900

const stops: (() => void)[] = []
afterEach(() => stops.splice(0).forEach((stop) => stop()))

describe('watching files', () => {
  it('sees every kind of change, again and again: editors replace a file instead of writing into it', async () => {
    const files = folder()
    const inside = (name: string): string => join(files.path, name)
    mkdirSync(inside('rbac'))
    files.write('rbac/a.rego', 'package a')
    files.write('one.yaml', '1')
    let seen = 0
    stops.push(watchFiles([inside('rbac'), inside('one.yaml'), inside('later')], () => (seen += 1)))
    await new Promise((resolve) => setTimeout(resolve, 150))
    const replace = (name: string, text: string): void => {
      writeFileSync(inside('.swap'), text)
      renameSync(inside('.swap'), inside(name))
    }
    const changes: readonly (() => void)[] = [
      () => files.write('rbac/a.rego', 'package b'),
      () => replace('rbac/a.rego', 'package c'),
      () => replace('rbac/a.rego', 'package d'),
      () => files.write('rbac/a.rego', 'package e'),
      () => replace('one.yaml', '2'),
      () => replace('one.yaml', '3'),
      () => rmSync(inside('rbac/a.rego')),
      () => files.write('rbac/a.rego', 'package e'),
      () => mkdirSync(inside('later/deep'), { recursive: true }),
      () => files.write('later/deep/b.rego', 'package b'),
      () => renameSync(inside('later/deep'), inside('later/deeper')),
      () => files.write('later/deeper/b.rego', 'package c'),
    ]
    for (const [at, change] of changes.entries()) {
      const before = seen
      change()
      await expect.poll(() => seen, { timeout: SEEN_MS, interval: 20, message: `change ${at}` }).toBe(before + 1)
    }
    files.remove()
  })

  it('tells several writes in a row once, and nothing after its end', async () => {
    const files = folder()
    let seen = 0
    const stop = watchFiles([files.path], () => (seen += 1))
    await new Promise((resolve) => setTimeout(resolve, 150))
    for (let at = 0; at < 10; at += 1) files.write(`f${at}`, String(at))
    await expect.poll(() => seen, { timeout: SEEN_MS, interval: 20 }).toBe(1)
    stop()
    files.write('f0', 'again')
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(seen).toBe(1)
    files.remove()
  })
})
