/** What an injection tells a model to do with what it was told before. */
export const OVERRIDE = ['ignore', 'disregard', 'forget', 'override', 'bypass', 'discard', 'neglect', 'skip']
/** How it names what came before. */
export const EARLIER = [
  'previous',
  'prior',
  'above',
  'earlier',
  'preceding',
  'original',
  'existing',
  'foregoing',
  'all',
  'your',
  'system',
]
/** What it calls the instructions that it wants gone. */
export const ORDERS = [
  'instruction',
  'instructions',
  'prompt',
  'prompts',
  'rules',
  'rule',
  'guidelines',
  'directions',
  'directives',
  'guardrails',
]
/** What it wants to have. */
export const SECRETS = [
  'password',
  'passwords',
  'secret',
  'secrets',
  'credentials',
  'credential',
  'token',
  'tokens',
  'apikey',
  'key',
  'keys',
]
/** How it wants to have it. */
export const SEND = ['send', 'forward', 'post', 'upload', 'exfiltrate', 'email', 'transmit', 'leak', 'append', 'include']
