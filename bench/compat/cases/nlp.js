// npm: compromise@14.17.0 stemmer@2.0.1 franc@6.2.0 fastest-levenshtein@1.0.16 diff@8.0.4 diff-match-patch@1.0.5
import nlp from "compromise";
import { stemmer } from "stemmer";
import { franc } from "franc";
import { distance } from "fastest-levenshtein";
import { diffLines, createPatch } from "diff";
import DMP from "diff-match-patch";
export default () => Response.json([nlp("She sells seashells").verbs().toPastTense().all().text(), stemmer("considerations"), franc("Alle menschlichen Wesen sind frei und gleich"), distance("kitten", "sitting"), diffLines("a\nb\n", "a\nc\n"), createPatch("f", "a\n", "b\n"), new DMP().diff_main("abc", "abd")]);
