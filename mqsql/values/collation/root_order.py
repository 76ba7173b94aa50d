"""The order of characters in the root collation, as far as it is known here.

The facts are those of Unicode's Common Locale Data Repository, which ICU and so MongoDB follow for English: blanks, then
punctuation, symbols, currencies, digits, Latin, Greek, Cyrillic. Each string holds the characters that differ in more than
accent, case and shape, in their order; small letters stand for their capitals, characters that Unicode takes apart for none.
"""
# ruff: noqa: RUF001 - letters of several alphabets that look alike are the point

GROUPS = (
    '\t\n\v\f\r\x85\u2028\u2029 ',
    '‾_‗-‐‒–—―⁓,;⁏:!¡?¿‽.·⁕⁖⁘⁙⁚⁛⁜⁝⁞\'‘’‚‛‹›"“”„‟«»()[]{}⁅⁆‖§¶⁋@*⁎⁑/\\&⁊#%‰‱†‡•‣‧⁃⁌⁍′‵‸※‿⁔⁀⁐⁁⁂',
    '`´˜^¯˘˙¨˚˝¸˛°҂©®϶+±÷×<=>¬|¦~−⁒⁄',
    '¤¢$£¥₠₡₢₣₤₥₦₧₩₪₫€₭₮₯₰₱₲₳₴₵₶₷₸₹₺₻₼₽₾₿⃀',
    '0123456789',
    'aɐɑɒbʙƀɓƃcȼƈɕdɖɗƌȡẟeɇǝəɛɘɚɜɝɞʚɤfƒgɡɢǥɠʛɣƣhʜƕɦɧʻʽiıɪɨɩjȷɉʝɟʄkƙʞlʟƚɫɬɭȴɮƛʎmɱnɴɲƞɳȵŋoɶɔɵɷȣpƥɸqʠɋĸrʀɍɹɺɻɼɽɾɿʁsʂȿẜẝʃƪʅʆ'
    'tŧƫƭʈȶʇuʉɥʮʯɯɰʊvʋỽʌwʍxyʏɏƴỿȝzƶȥʐʑɀʒƹƺʓþƿƻƨƽƅʔɂˀʼˮʾʕʿˁʡʢʖǀǁǂǃʗʘʬʭ'
    'αβγδεϝͷϛζͱηθιϳκλμνξοπϻϟϙρϼσͼͻͽτυφχψωϡͳϸϣϥϧϩϫϭϯ'
    'аәӕбвгғӻҕӷдԁђԃҙеєжԫҗзԅԑѕӡԇиҋійјкқӄҡҟҝԟԛлӆԯԓԡљԉԕмӎнԩӊңӈԣҥњԋоөпԥҧҁрҏԗсԍҫтԏҭћуүұѹфхӽӿҳһԧѡѿѽѻцҵчԭҷӌҹҽҿџшщъыьҍѣэюяԙѥѧѫѩѭѯѱѳѵҩԝӏ',
)
"""Blanks, punctuation, symbols, currencies, digits, letters."""

BLANK, PUNCTUATION, SYMBOL, CURRENCY, DIGIT, LETTER = range(1, len(GROUPS) + 1)

MARKS = (
    '\u0332 \u0313\u0486 \u0314\u0485 \u0301 \u0300 \u0306 \u0302 \u030c \u030a \u0342 \u0308 \u030b \u0303 \u0307 \u0338 '
    '\u0327 \u0328 \u0304 \u0335 \u0305 \u0309 \u030f \u0310 \u0311 \u031b \u0321 \u0322 \u0323 \u0324 \u0325 \u0326 \u032d '
    '\u032e \u0330 \u0331 \u0334 \u0339 \u0345 \u0358 \u0360 \u0361 \u0483'
).split()
"""Accents in their order; those that stand together are told apart at no level."""

LIGATURE, LONG, DOTTED = '\ue000', '\ue001', '\ue002'
"""Accents that no character is: behind all others, they tell a letter from the plain ones that it counts as."""

PAIRS = {'и\u0306': 'й', 'И\u0306': 'Й', 'l·': 'ŀ', 'L·': 'Ŀ'}
"""Characters that count as one, whose weight is not the sum of theirs."""

LETTERS = {
    'æ': ('compat', f'a{LIGATURE}e'),
    'œ': ('compat', f'o{LIGATURE}e'),
    'ß': ('compat', f's{LIGATURE}s'),
    'ð': ('', f'd{LIGATURE}'),
    'ſ': ('', f's{LONG}'),
    'ø': ('', 'o\u0338'),
    'đ': ('', 'd\u0335'),
    'ħ': ('', 'h\u0335'),
    'ł': ('', 'l\u0335'),
    'ŀ': ('', f'l{DOTTED}'),
    'Ŀ': ('', f'L{DOTTED}'),
    '΄': ('compat', '´'),
    'ς': ('final', 'σ'),
    'ґ': ('', f'г{LIGATURE}'),
}
"""Letters that count as others, which Unicode does not take apart: their shape, and what they count as."""

SHAPES = (
    *('', 'wide', 'small', 'compat', 'font', 'circle', '^', 'wide^', 'compat^', 'font^', 'circle^'),
    *('narrow', 'super', 'super^', 'sub', 'vertical', 'initial', 'medial', 'final', 'isolated'),
    *('noBreak', 'square', 'square^', 'fraction'),
)
"""Shapes in their order: Unicode's names of the ways in which one character stands for others, ^ for a capital."""
