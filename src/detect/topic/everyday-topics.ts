import { stem } from './tokens.ts'

/** Words of everyday work that belong together, by topic: whoever speaks of one speaks of what the others name. A catalogue adds its own as synonyms. */
const TOPICS: Readonly<Record<string, string>> = {
  mail: 'mail email emails inbox mailbox message reply respond recipient sender newsletter attachment correspondence draft letter spam unread answer customer',
  chat: 'slack channel message chat thread dm teams conversation mention announcement notify communication notification',
  calendar:
    'calendar meeting appointment event schedule reschedule invite invitation attendee participant agenda availability lunch dinner workshop call',
  files: 'file filename folder document drive directory spreadsheet pdf docx xlsx txt attachment workspace upload download',
  customers: 'crm customer client contact account phone address lead prospect profile subscriber user',
  tickets: 'ticket issue case helpdesk support complaint escalation request problem incident customer',
  money:
    'pay payment invoice bill refund charge chargeback transfer money fund wire transaction iban bank balance rent salary price cost fee spend spent spending owe deposit subscription billing reimburse purchase dispute',
  books: 'bookkeeping expense ledger accounting accountant receipt budget tax vat cost invoice reconcile categorise categorize',
  staff:
    'hr personnel employee staff salary payroll wage hire hiring candidate recruit recruiting bonus onboarding contract colleague',
  access: 'permission role access grant oauth privilege password credential login iam identity account security token user',
  code: 'repository repo code git commit branch merge pull pr test bug build source diff review refactor parser module function',
  delivery: 'deploy deployment release rollout rollback staging production environment version ship delivery',
  database: 'database table sql row record schema column migration',
  machine: 'process system machine server install package cpu memory host restart network service process screenshot',
  travel:
    'travel trip hotel flight restaurant car rental booking book reserve reservation city visit stay vacation cuisine dietary trip airport dish eat room',
  goods:
    'order shipment parcel return product sku stock inventory warehouse supplier vendor cart shop buy purchase procurement delivery',
  metrics: 'metric dashboard monitor monitoring alert log latency uptime outage incident slow performance',
  web: 'web website webpage page site url link blog publish internet online',
  person: 'user profile information contact address passport phone birthday personal details street',
}

const topicsOfWord = new Map<string, string[]>()
for (const [topic, words] of Object.entries(TOPICS))
  for (const word of new Set([topic, ...words.split(' ')].map(stem))) {
    const known = topicsOfWord.get(word)
    if (known === undefined) topicsOfWord.set(word, [topic])
    else known.push(topic)
  }

/** Words of tools that look something up for whatever purpose. */
const GENERAL = new Set(
  'knowledge base wiki web webpage website internet source research article faq documentation doc day date time today weather clock calculator translate information public info rate review rating'
    .split(' ')
    .map(stem),
)

/** Words with which a purpose leaves it to something else what has to be done. */
const OPEN_ENDED = new Set('instructions todo todos actions tasks steps errands'.split(' ').map(stem))

/** Whether a purpose leaves it to something else, such as a list or a document, what has to be done: it declares no scope. */
export function isOpenEnded(topic: ReadonlySet<string>): boolean {
  return [...topic].some((token) => OPEN_ENDED.has(token))
}

/** The topics of everyday work that some stems belong to. */
export function topicsOf(tokens: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...tokens].flatMap((token) => topicsOfWord.get(token) ?? []))
}

/** Whether a stem says only that something is looked up. */
export function isGeneral(token: string): boolean {
  return GENERAL.has(token)
}
