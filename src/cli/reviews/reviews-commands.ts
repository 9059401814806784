import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addReviewsDone } from './done.ts'
import { addReviewsList } from './list.ts'

/** Commands about decisions that somebody has to look at. */
export function addReviewsCommands(program: Command, cli: Cli): void {
  const reviews = program.command('reviews').description('decisions that somebody has to look at: list, done')
  examples(reviews, 'gradus reviews list')
  addReviewsList(reviews, cli)
  addReviewsDone(reviews, cli)
}
