import type { InjectionRules } from '../rule-schema.ts'
import { phrase } from './words.ts'

/** The plainest signs in other languages than English. */
export const LANGUAGE_RULES: InjectionRules = [
  {
    id: 'override_european',
    kind: 'words',
    group: 'override',
    meaning:
      'orders the reader, in German, French, Spanish, Italian, Portuguese, Dutch or a Slavic language, to set aside its instructions',
    confidence: 0.8,
    gap_words: 3,
    phrases: [
      phrase(
        'ignoriere|ignoriert|ignorieren|vergiss|vergesst|vergessen|missachte|missachten vorherigen|vorherige|bisherigen|bisherige|obigen|alle|alles|deine|vorangegangenen|fruheren|saemtliche anweisungen|regeln|instruktionen|befehle|vorgaben|auftrage|aufgaben|davor|vorher|zuvor|bisher|informationen|was|obige|vorherige|anweisung|richtlinien',
      ),
      phrase(
        'ignora|ignore|ignorar|olvida|olvide|olvidar|esquece|esqueca|dimentica|descarta|omite instrucciones|instrucoes|istruzioni|instructions|ordenes|reglas|regras|regole|todo|tudo|tutto|todas anteriores|precedenti|precedentes|previas|anterior|antes|prima|dicho',
      ),
      phrase(
        'ignorez|oubliez|ignore|oublie|oublier|ignorer instructions|consignes|directives|regles|tout|toutes precedentes|anterieures|precede|avant|precedemment|dessus|instructions|consignes|et',
      ),
      phrase(
        'olvida|ignora|esqueca|dimentica tus|todas|suas|tue|las|le|as instrucciones|instrucoes|istruzioni|reglas|regras|regole',
      ),
      phrase('ignorez|oublie|oubliez|ignore tes|vos|toutes instructions|consignes|regles|directives'),
      phrase('negeer|vergeet alle|vorige|eerdere|bovenstaande instructies|opdrachten|regels'),
      phrase(
        'забудь|забудьте|игнорируи|игнорируите|проигнорируи все|предыдущие|прежние|свои инструкции|указания|правила|предыдущие',
      ),
      phrase(
        'zaboravi|ignorisi|ignoriraj|zignoruj|zapomnij sve|prethodne|poprzednie|wszystkie instrukcije|upute|instrukcje|naredbe|polecenia',
      ),
    ],
  },
  {
    id: 'forget_european',
    kind: 'words',
    group: 'override',
    meaning:
      'tells the reader, in German, French, Spanish or Italian, to forget what came before, or to ignore it and say something else',
    confidence: 0.6,
    gap_words: 6,
    phrases: [
      phrase('nun|jetzt|es +folgen neue|weitere +anweisungen|aufgaben'),
      phrase('abweichend vorherigen|vorigen|bisherigen instruktionen|anweisungen'),
      phrase('alle +vorherigen|bisherigen +informationen|anweisungen|aufgaben hinter|vergessen|ignorieren|kopf'),
      phrase('siguientes|nuevas +instrucciones +.|son'),
      phrase('nouvelles +instructions +.|suivent|sont'),
      phrase(
        '.|bitte|jetzt|nun|und|sie +vergiss|ignoriere|ignorieren|vergessen alles|sie +davor|vorher|bisherige|zuvor|alles|was|bisher',
      ),
      phrase('.|maintenant|et +oubliez|oublie +tout'),
      phrase('.|y|ahora +olvida|olvide +todo|lo'),
      phrase('.|e|ora +dimentica +tutto|cio'),
      phrase('.|veuillez +ignorez|oubliez et +indiquez|dites|ecrivez|repondez|affirmez'),
      phrase('.|ora +ignora y|e +di|indica|responde|escribe|dimmi|scrivi'),
      phrase('.|bitte +ignorieren|ignoriere und +sagen|sage|schreibe|schreiben|geben|gib|antworte'),
    ],
  },
  {
    id: 'override_cjk',
    kind: 'literal',
    group: 'override',
    meaning: 'tells the reader, in Chinese, Japanese, Korean, Arabic or Hindi, to set aside or to show what it was told',
    confidence: 0.65,
    texts: [
      ...[
        '忽略所有',
        '无视之前',
        '忘记之前',
        '忘记所有',
        '忽略上述',
        '忽略以上',
        '忽略之前',
        '系统提示',
        '无视所有',
        '指示を無視',
        '指示を忘れ',
      ],
      ...[
        '命令を無視',
        'システムプロンプト',
        '指示は無視',
        '無視して、',
        '지시를 무시',
        '지시사항을 무시',
        '시스템 프롬프트',
        '指令を無視',
      ],
      ...['تجاهل التعليمات', 'تجاهل جميع', 'تجاهل كل', 'पिछले निर्देश', 'निर्देशों को अनदेखा', '무시하고'],
    ],
  },
  {
    id: 'override_instructions_cjk',
    kind: 'literal',
    group: 'override',
    meaning: 'orders the reader, in Chinese, Japanese or Korean, to set aside its instructions',
    confidence: 0.9,
    texts: [
      ...[
        '忽略之前的指令',
        '忽略以上指令',
        '忽略先前的指示',
        '無視之前的指令',
        '以前の指示を無視',
        'これまでの指示を無視',
        '이전 지시를 무시',
      ],
    ],
  },
]
