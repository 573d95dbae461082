"""What students write in problem set 01, wrong and right. `variants.py` says how to add to it."""

import itertools
import math
import re
import string
import warnings
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from tests.exercises.variants import mistake, other_way

# labels_from_ratings


@mistake(of="labels_from_ratings", loses=2, named="thresholds_excluded")
def labels_without_the_thresholds(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None and (rating < low or rating > high):
            rows.append(row)
            labels.append(1 if rating > high else 0)
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="neutral_kept")
def labels_neutral_is_unhappy(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None:
            rows.append(row)
            labels.append(1 if rating >= high else 0)
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="neutral_kept")
def labels_neutral_is_happy(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None:
            rows.append(row)
            labels.append(0 if rating <= low else 1)
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="blank_text_kept")
def labels_of_blank_texts(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and rating is not None and (rating <= low or rating >= high):
            rows.append(row)
            labels.append(int(rating >= high))
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="missing_text_kept")
def labels_of_missing_texts(texts, ratings, low, high):
    rows, labels = [], []
    for row, rating in enumerate(ratings):
        if rating is not None and (rating <= low or rating >= high):
            rows.append(row)
            labels.append(int(rating >= high))
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="zero_is_missing")
def labels_rating_zero_is_missing(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating and (rating <= low or rating >= high):
            rows.append(row)
            labels.append(int(rating >= high))
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="rows_renumbered")
def labels_rows_renumbered(texts, ratings, low, high):
    labels = []
    for text, rating in zip(texts, ratings, strict=True):
        if text and text.strip() and rating is not None and (rating <= low or rating >= high):
            labels.append(int(rating >= high))
    return list(range(len(labels))), labels


@mistake(of="labels_from_ratings", loses=2, named="labels_swapped")
def labels_swapped(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None and (rating <= low or rating >= high):
            rows.append(row)
            labels.append(int(rating <= low))
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="truth_values")
def labels_true_and_false(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None and (rating <= low or rating >= high):
            rows.append(row)
            labels.append(rating >= high)
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="five_stars_assumed")
def labels_of_five_stars(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None and (rating <= 2 or rating >= 5):
            rows.append(row)
            labels.append(1 if rating >= 5 else 0)
    return rows, labels


@mistake(of="labels_from_ratings", loses=2, named="raises")
def labels_missing_rating_compared(texts, ratings, low, high):
    rows = [i for i, text in enumerate(texts) if text and text.strip()]
    rows = [i for i in rows if ratings[i] <= low or ratings[i] >= high]
    return rows, [int(ratings[i] >= high) for i in rows]


@mistake(of="labels_from_ratings", loses=2, named="texts_not_rows")
def labels_beside_texts(texts, ratings, low, high):
    pairs = [(t, r) for t, r in zip(texts, ratings, strict=True) if t and t.strip()]
    pairs = [(t, r) for t, r in pairs if r is not None and not low < r < high]
    return [t for t, _ in pairs], [int(r >= high) for _, r in pairs]


@mistake(of="labels_from_ratings", loses=2, named="changes_argument")
def labels_in_place(texts, ratings, low, high):
    for i, text in enumerate(texts):
        if text is None or not text.strip():
            ratings[i] = None
    rows = [i for i, r in enumerate(ratings) if r is not None and not low < r < high]
    return rows, [int(ratings[i] >= high) for i in rows]


@mistake(of="labels_from_ratings", loses=2)
def labels_of_the_visible_values(texts, ratings, low, high):
    return [0, 2, 5, 6], [1, 0, 0, 1]


@mistake(of="labels_from_ratings", loses=2)
def labels_of_whole_numbers(texts, ratings, low, high):
    rows, labels = [], []
    for row, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
        if text and text.strip() and rating is not None:
            if int(rating) <= low:
                rows.append(row)
                labels.append(0)
            elif rating >= high:
                rows.append(row)
                labels.append(1)
    return rows, labels


@other_way(of="labels_from_ratings")
def labels_by_comprehension(texts, ratings, low, high):
    written = [i for i, text in enumerate(texts) if (text or "").strip()]
    rated = [i for i in written if ratings[i] is not None]
    clear = [(i, ratings[i] >= high) for i in rated if ratings[i] <= low or ratings[i] >= high]
    return [i for i, _ in clear], [1 if happy else 0 for _, happy in clear]


@other_way(of="labels_from_ratings")
def labels_by_pandas(texts, ratings, low, high):
    table = pd.DataFrame({"text": texts, "rating": pd.Series(ratings, dtype="float64")})
    blank = table["text"].fillna("").astype(str).str.strip() == ""
    table = table[~blank & table["rating"].notna()]
    table = table[(table["rating"] <= low) | (table["rating"] >= high)]
    return table.index.tolist(), (table["rating"] >= high).astype(int).tolist()


@other_way(of="labels_from_ratings")
def labels_by_numpy(texts, ratings, low, high):
    stars = np.array([float("nan") if r is None else r for r in ratings])
    written = np.array([isinstance(t, str) and not t.isspace() and t != "" for t in texts])
    rows = np.flatnonzero(written & ((stars <= low) | (stars >= high)))
    print("rows kept:", rows)
    return (list(rows), [np.int64(star >= high) for star in stars[rows]])


@other_way(of="labels_from_ratings")
def labels_by_a_dict(texts, ratings, low, high):
    label_of = {}
    for i in range(len(texts)):
        if texts[i] is None or re.search(r"\S", texts[i]) is None or ratings[i] is None:
            continue
        if ratings[i] <= low:
            label_of[i] = 0
        if ratings[i] >= high:
            label_of[i] = 1
    return [*label_of], [*label_of.values()]


# rows_without_copies


@mistake(of="rows_without_copies", loses=2, named="nothing_folded")
def copies_letter_by_letter(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        if text not in seen:
            rows.append(row)
        seen.add(text)
    return rows


@mistake(of="rows_without_copies", loses=2, named="case_kept")
def copies_case_kept(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = tuple(re.findall(r"\w+", text))
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="punctuation_kept")
def copies_punctuation_kept(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = " ".join(text.lower().split())
        if key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="words_glued")
def copies_words_glued(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = "".join(c for c in text.lower() if c.isalnum())
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="punctuation_glues")
def copies_punctuation_removed(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="last_kept")
def copies_last_kept(texts):
    last, rows = {}, []
    for row, text in enumerate(texts):
        key = tuple(re.findall(r"\w+", text.lower()))
        if key:
            last[key] = row
        else:
            rows.append(row)
    return sorted([*rows, *last.values()])


@mistake(of="rows_without_copies", loses=2, named="all_copies_dropped")
def copies_all_dropped(texts):
    keys = [tuple(re.findall(r"\w+", text.lower())) for text in texts]
    return [row for row, key in enumerate(keys) if not key or keys.count(key) == 1]


@mistake(of="rows_without_copies", loses=2, named="neighbours_only")
def copies_of_neighbours_only(texts):
    keys = [tuple(re.findall(r"\w+", text.lower())) for text in texts]
    return [i for i, key in enumerate(keys) if i == 0 or not key or key != keys[i - 1]]


@mistake(of="rows_without_copies", loses=2, named="order_of_words_lost")
def copies_as_bags_of_words(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = tuple(sorted(re.findall(r"\w+", text.lower())))
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="wordless_dropped")
def copies_of_nothing(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = tuple(re.findall(r"\w+", text.lower()))
        if key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="only_english")
def copies_of_a_to_z(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = tuple(re.findall(r"[a-z0-9]+", text.lower()))
        if key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="only_english")
def copies_string_punctuation(texts):
    space = str.maketrans(string.punctuation, " " * len(string.punctuation))
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = " ".join(text.lower().translate(space).split())
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@mistake(of="rows_without_copies", loses=2, named="texts_not_rows")
def copies_texts_returned(texts):
    first = {}
    for text in texts:
        first.setdefault(tuple(re.findall(r"\w+", text.lower())), text)
    return list(first.values())


@mistake(of="rows_without_copies", loses=2)
def copies_of_the_visible_values(texts):
    return [0, 2, 4, 5] if texts[0] == "Fits perfect!" else [0, 1, 2, 3, 4, 5]


@mistake(of="rows_without_copies", loses=2)
def copies_digits_dropped(texts):
    seen, rows = set(), []
    for row, text in enumerate(texts):
        key = tuple(re.findall(r"[^\W\d]+", text.lower()))
        if not key or key not in seen:
            rows.append(row)
        seen.add(key)
    return rows


@other_way(of="rows_without_copies")
def copies_letter_by_letter_folded(texts):
    seen, rows = [], []
    for row, text in enumerate(texts):
        folded = "".join(c if c.isalnum() else " " for c in text.casefold())
        if folded.split() == [] or folded.split() not in seen:
            rows.append(row)
            seen.append(folded.split())
    return rows


@other_way(of="rows_without_copies")
def copies_by_pandas(texts):
    keys = pd.Series(texts, dtype="object").str.lower().str.replace(r"\W+", " ", regex=True)
    keys = keys.str.strip()
    return keys.index[~keys.duplicated() | (keys == "")].tolist()


@other_way(of="rows_without_copies")
def copies_by_a_dict(texts):
    first = {}
    for row, text in enumerate(texts):
        words = re.split(r"\W+", text.upper())
        key = tuple(word for word in words if word) or row
        first.setdefault(key, row)
    return [*first.values()]


@other_way(of="rows_without_copies")
def copies_by_grouping(texts):
    def key(row):
        return re.findall(r"\w+", texts[row].lower())

    rows = []
    for words, group in itertools.groupby(sorted(range(len(texts)), key=key), key=key):
        group = list(group)
        rows += [min(group)] if words else group
    plt.plot(rows)
    plt.show()
    return sorted(rows)


# deal_into_parts: shares 2, copies together 2


@mistake(of="deal_into_parts", loses=4, named="order_ignored")
def deal_in_row_order(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for text, label in zip(texts, y, strict=True):
        if text not in part_of:
            part_of[text] = dealt[label] % k
            dealt[label] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4, named="not_stratified")
def deal_without_classes(texts, y, order, k):
    part_of = {}
    for row in order:
        part_of.setdefault(texts[row], len(part_of) % k)
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4, named="in_dealt_order")
def deal_not_put_back(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for row in order:
        if texts[row] not in part_of:
            part_of[texts[row]] = dealt[y[row]] % k
            dealt[y[row]] += 1
    return [part_of[texts[row]] for row in order]


@mistake(of="deal_into_parts", loses=4, named="parts_from_one")
def deal_parts_from_one(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for row in order:
        if texts[row] not in part_of:
            part_of[texts[row]] = dealt[y[row]] % k + 1
            dealt[y[row]] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4, named="cut_not_dealt")
def deal_in_blocks(texts, y, order, k):
    part_of = {}
    for label in set(y):
        different = list(dict.fromkeys(texts[row] for row in order if y[row] == label))
        for place, text in enumerate(different):
            part_of[text] = place * k // len(different)
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4, named="class_goes_on")
def deal_class_goes_on(texts, y, order, k):
    part_of = {}
    for label in sorted(set(y)):
        for row in order:
            if y[row] == label:
                part_of.setdefault(texts[row], len(part_of) % k)
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=2, named="copies_apart")
def deal_copies_apart(texts, y, order, k):
    parts, dealt = [0] * len(texts), Counter()
    for row in order:
        parts[row] = dealt[y[row]] % k
        dealt[y[row]] += 1
    return parts


@mistake(of="deal_into_parts", loses=2, named="copies_take_a_turn")
def deal_copies_take_a_turn(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for row in order:
        part_of.setdefault(texts[row], dealt[y[row]] % k)
        dealt[y[row]] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=2, named="last_copy_decides")
def deal_last_copy_decides(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for row in order:
        part_of[texts[row]] = dealt[y[row]] % k
        dealt[y[row]] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4, named="changes_argument")
def deal_in_place(texts, y, order, k):
    part_of, dealt = {}, Counter()
    while order:
        row = order.pop(0)
        if texts[row] not in part_of:
            part_of[texts[row]] = dealt[y[row]] % k
            dealt[y[row]] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4)
def deal_three_parts_always(texts, y, order, k):
    part_of, dealt = {}, Counter()
    for row in order:
        if texts[row] not in part_of:
            part_of[texts[row]] = dealt[y[row]] % 3
            dealt[y[row]] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4)
def deal_two_classes(texts, y, order, k):
    part_of, dealt = {}, {True: 0, False: 0}
    for row in order:
        if texts[row] not in part_of:
            part_of[texts[row]] = dealt[y[row] == 1] % k
            dealt[y[row] == 1] += 1
    return [part_of[text] for text in texts]


@mistake(of="deal_into_parts", loses=4)
def deal_the_visible_values(texts, y, order, k):
    if len(set(texts)) == len(texts):
        return [2, 0, 0, 2, 0, 0, 1, 1]
    return [0, 0, 0, 0, 1, 0, 1, 0]


@other_way(of="deal_into_parts")
def deal_class_by_class(texts, y, order, k):
    parts = [0] * len(texts)
    for label in set(y):
        of_class = [texts[row] for row in order if y[row] == label]
        different = list(dict.fromkeys(of_class))
        for part in range(k):
            for text in different[part::k]:
                for row, other in enumerate(texts):
                    if other == text:
                        parts[row] = part
    return tuple(parts)


@other_way(of="deal_into_parts")
def deal_by_pandas(texts, y, order, k):
    table = pd.DataFrame({"text": texts, "y": y})
    firsts = table.loc[order].drop_duplicates("text")
    parts = firsts.groupby("y").cumcount() % k
    return table["text"].map(dict(zip(firsts["text"], parts, strict=True))).tolist()


@other_way(of="deal_into_parts")
def deal_with_a_queue_for_each_class(texts, y, order, k):
    queues = {}
    parts = np.full(len(texts), -1)
    for row in order:
        if parts[row] < 0:
            part = next(queues.setdefault(y[row], itertools.cycle(range(k))))
            parts[[i for i in range(len(texts)) if texts[i] == texts[row]]] = part
    print("parts:", parts)
    return [int(part) for part in parts]


# training_vocabulary


@mistake(of="training_vocabulary", loses=2, named="occurrences_counted")
def vocabulary_by_occurrences(words, train, size):
    count = Counter(word for row in train for word in words[row])
    return sorted(count, key=lambda word: (-count[word], word))[:size]


@mistake(of="training_vocabulary", loses=2, named="sees_the_test")
def vocabulary_of_all_texts(words, train, size):
    count = Counter(word for text in words for word in set(text))
    return sorted(count, key=lambda word: (-count[word], word))[:size]


@mistake(of="training_vocabulary", loses=2, named="ties_by_appearance")
def vocabulary_ties_by_appearance(words, train, size):
    count = Counter(word for row in train for word in dict.fromkeys(words[row]))
    return [word for word, _ in count.most_common(size)]


@mistake(of="training_vocabulary", loses=2, named="ties_reversed")
def vocabulary_ties_reversed(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return sorted(count, key=lambda word: (count[word], word), reverse=True)[:size]


@mistake(of="training_vocabulary", loses=2, named="alphabetical")
def vocabulary_alphabetical(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return sorted(sorted(count, key=lambda word: (-count[word], word))[:size])


@mistake(of="training_vocabulary", loses=2, named="first_rows")
def vocabulary_of_the_first_rows(words, train, size):
    count = Counter(word for text in words[: len(train)] for word in set(text))
    return sorted(count, key=lambda word: (-count[word], word))[:size]


@mistake(of="training_vocabulary", loses=2, named="rarest_first")
def vocabulary_rarest_first(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return sorted(count, key=lambda word: (count[word], word))[:size]


@mistake(of="training_vocabulary", loses=2, named="counts_returned")
def vocabulary_with_counts(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))[:size]


@mistake(of="training_vocabulary", loses=2, named="too_long")
def vocabulary_of_all_words(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return sorted(count, key=lambda word: (-count[word], word))


@mistake(of="training_vocabulary", loses=2)
def vocabulary_ties_by_chance(words, train, size):
    count = Counter(word for row in train for word in set(words[row]))
    return [word for word, _ in count.most_common(size)]


@mistake(of="training_vocabulary", loses=2)
def vocabulary_of_the_visible_values(words, train, size):
    return ["soft", "and", "so"]


@mistake(of="training_vocabulary", loses=2, named="changes_argument")
def vocabulary_in_place(words, train, size):
    count = Counter()
    for row in train:
        words[row] = list(set(words[row]))
        count.update(words[row])
    return sorted(count, key=lambda word: (-count[word], word))[:size]


@other_way(of="training_vocabulary")
def vocabulary_sorted_twice(words, train, size):
    found_in = {}
    for row in train:
        for word in dict.fromkeys(words[row]):
            found_in[word] = found_in.get(word, 0) + 1
    by_name = sorted(found_in)
    by_count = sorted(by_name, key=found_in.get, reverse=True)
    return by_count[:size]


@other_way(of="training_vocabulary")
def vocabulary_by_searching(words, train, size):
    known = sorted({word for row in train for word in words[row]})
    ranking = [(-sum(word in words[row] for row in train), word) for word in known]
    warnings.warn("slow, but right", stacklevel=2)
    return tuple(word for _, word in sorted(ranking)[:size])


@other_way(of="training_vocabulary")
def vocabulary_by_scikit_learn(words, train, size):
    counter = CountVectorizer(analyzer=lambda text: text, binary=True)
    found_in = counter.fit_transform([words[row] for row in train]).toarray().sum(axis=0)
    names = counter.get_feature_names_out()  # in alphabetical order
    return [str(names[j]) for j in np.argsort(-found_in, kind="stable")[:size]]


@other_way(of="training_vocabulary")
def vocabulary_by_pandas(words, train, size):
    every = pd.Series([word for row in train for word in set(words[row])], dtype="object")
    table = every.value_counts().rename_axis("word").reset_index(name="texts")
    return table.sort_values(["texts", "word"], ascending=[False, True])["word"].tolist()[:size]


# count_words


@mistake(of="count_words", loses=2, named="no_last_column")
def counts_without_the_last_column(words, vocabulary):
    rows = [[text.count(word) for word in vocabulary] for text in words]
    return torch.tensor(rows, dtype=torch.float32)


@mistake(of="count_words", loses=2, named="presence_only")
def counts_presence_only(words, vocabulary):
    X = torch.zeros(len(words), len(vocabulary) + 1)
    for i, text in enumerate(words):
        for word in text:
            X[i, vocabulary.index(word) if word in vocabulary else -1] = 1
    return X


@mistake(of="count_words", loses=2, named="different_unknown_words")
def counts_different_unknown_words(words, vocabulary):
    rows = []
    for text in words:
        known = [text.count(word) for word in vocabulary]
        rows.append([*known, len(set(text) - set(vocabulary))])
    return torch.tensor(rows, dtype=torch.float32)


@mistake(of="count_words", loses=2, named="unknown_in_first_column")
def counts_unknown_in_column_0(words, vocabulary):
    column = {word: j for j, word in enumerate(vocabulary)}
    X = torch.zeros(len(words), len(vocabulary) + 1)
    for i, text in enumerate(words):
        for word in text:
            X[i, column.get(word, 0)] += 1
    return X


@mistake(of="count_words", loses=2, named="last_column_empty")
def counts_unknown_words_dropped(words, vocabulary):
    X = torch.zeros(len(words), len(vocabulary) + 1)
    for i, text in enumerate(words):
        for word in text:
            if word in vocabulary:
                X[i, vocabulary.index(word)] += 1
    return X


@mistake(of="count_words", loses=2, named="length_in_last_column")
def counts_with_the_length(words, vocabulary):
    rows = [[*(text.count(word) for word in vocabulary), len(text)] for text in words]
    return torch.tensor(rows, dtype=torch.float32)


@mistake(of="count_words", loses=2, named="columns_sorted")
def counts_in_alphabetical_order(words, vocabulary):
    known = sorted(vocabulary)
    rows = []
    for text in words:
        unknown = sum(word not in known for word in text)
        rows.append([*(text.count(word) for word in known), unknown])
    return torch.tensor(rows, dtype=torch.float32)


@mistake(of="count_words", loses=2, named="transposed")
def counts_transposed(words, vocabulary):
    X = torch.zeros(len(vocabulary) + 1, len(words))
    for i, text in enumerate(words):
        for word in text:
            X[vocabulary.index(word) if word in vocabulary else -1, i] += 1
    return X


@mistake(of="count_words", loses=2, named="no_tensor")
def counts_as_lists(words, vocabulary):
    rows = []
    for text in words:
        unknown = sum(word not in vocabulary for word in text)
        rows.append([*(text.count(word) for word in vocabulary), unknown])
    return rows


@mistake(of="count_words", loses=2, named="raises")
def counts_unknown_word_raises(words, vocabulary):
    X = torch.zeros(len(words), len(vocabulary) + 1)
    for i, text in enumerate(words):
        for word in text:
            X[i, vocabulary.index(word)] += 1
    return X


@mistake(of="count_words", loses=2)
def counts_of_the_visible_values(words, vocabulary):
    seen = [[1.0, 0, 2, 0], [1, 1, 0, 3]] if len(vocabulary) == 3 else [[1.0, 0], [0, 0]]
    return torch.tensor(seen)


@mistake(of="count_words", loses=2)
def counts_without_empty_texts_at_the_end(words, vocabulary):
    pairs = [(i, word) for i, text in enumerate(words) for word in text]
    X = torch.zeros(max(i for i, _ in pairs) + 1, len(vocabulary) + 1)
    for i, word in pairs:
        X[i, vocabulary.index(word) if word in vocabulary else -1] += 1
    return X


@other_way(of="count_words")
def counts_by_list_count(words, vocabulary):
    X = np.zeros((len(words), len(vocabulary) + 1))
    for i, text in enumerate(words):
        X[i, :-1] = [text.count(word) for word in vocabulary]
        X[i, -1] = len(text) - X[i, :-1].sum()
    return torch.from_numpy(X)


@other_way(of="count_words")
def counts_by_bincount(words, vocabulary):
    width = len(vocabulary) + 1
    column = dict(zip(vocabulary, range(width), strict=False))
    places = [
        i * width + column.get(word, width - 1) for i, text in enumerate(words) for word in text
    ]
    flat = torch.bincount(torch.tensor(places, dtype=torch.long), minlength=len(words) * width)
    return flat.reshape(len(words), width).float()


@other_way(of="count_words")
def counts_by_scikit_learn(words, vocabulary):
    counter = CountVectorizer(analyzer=lambda text: text, vocabulary=vocabulary)
    known = torch.from_numpy(counter.transform(words).toarray())
    lengths = torch.tensor([len(text) for text in words])
    return torch.cat([known, (lengths - known.sum(dim=1))[:, None]], dim=1)


@other_way(of="count_words")
def counts_by_one_hot_rows(words, vocabulary):
    X = torch.zeros(len(words), len(vocabulary) + 1, dtype=torch.float64)
    for row, text in zip(X, words, strict=True):
        for word, times in Counter(text).items():
            hits = torch.tensor([*(known == word for known in vocabulary), word not in vocabulary])
            row += times * hits
    print("mean length:", X.sum() / len(words))
    return X


# cohens_kappa


@mistake(of="cohens_kappa", loses=2, named="observed_agreement")
def kappa_observed_agreement(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    return sum(a == b for a, b in pairs) / len(pairs)


@mistake(of="cohens_kappa", loses=2, named="chance_is_a_coin")
def kappa_coin_for_chance(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    labels = {label for pair in pairs for label in pair}
    p_e = 1 / len(labels)
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="one_habit")
def kappa_first_habit_squared(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit = Counter(a for a, _ in pairs)
    p_e = sum(n * n for n in habit.values()) / len(pairs) ** 2
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="pooled_habits")
def kappa_pooled_habits(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    pooled = Counter(label for pair in pairs for label in pair)
    p_e = sum((n / (2 * len(pairs))) ** 2 for n in pooled.values())
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="skipped_counted")
def kappa_skipped_rows_disagree(first, second):
    N = len(first)
    p_o = sum(a == b and a is not None for a, b in zip(first, second, strict=True)) / N
    habit, other = Counter(first), Counter(second)
    p_e = sum(habit[label] * other[label] for label in habit if label is not None) / N**2
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="skipped_counted")
def kappa_skipping_is_a_label(first, second):
    N = len(first)
    p_o = sum(a == b for a, b in zip(first, second, strict=True)) / N
    habit, other = Counter(first), Counter(second)
    p_e = sum(habit[label] * other[label] for label in habit) / N**2
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="habits_of_other_rows")
def kappa_habits_of_all_rows(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    first, second = ([a for a in answers if a is not None] for answers in (first, second))
    habit, other = Counter(first), Counter(second)
    p_e = sum(habit[label] * other[label] for label in habit) / (len(first) * len(second))
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="rows_shifted")
def kappa_rows_shifted(first, second):
    first, second = ([a for a in answers if a is not None] for answers in (first, second))
    return cohen_kappa_score(first, second)


@mistake(of="cohens_kappa", loses=2, named="divided_by_chance")
def kappa_divided_by_chance(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    p_e = sum(habit[label] * other[label] for label in habit) / len(pairs) ** 2
    return (p_o - p_e) / p_e


@mistake(of="cohens_kappa", loses=2, named="zero_is_skipped")
def kappa_label_zero_is_skipped(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    p_e = sum(habit[label] * other[label] for label in habit) / len(pairs) ** 2
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 0.0


@mistake(of="cohens_kappa", loses=2, named="raises")
def kappa_divides_by_zero(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    p_e = sum(habit[label] * other[label] for label in habit) / len(pairs) ** 2
    return (p_o - p_e) / (1 - p_e)


@mistake(of="cohens_kappa", loses=2, named="zero_by_zero")
def kappa_zero_by_zero(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    return cohen_kappa_score([str(a) for a, _ in pairs], [str(b) for _, b in pairs])


@mistake(of="cohens_kappa", loses=2, named="only_agreement_rewarded")
def kappa_one_for_perfect_agreement(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    p_e = sum(habit[label] * other[label] for label in habit) / len(pairs) ** 2
    return (p_o - p_e) / (1 - p_e) if p_e < 1 else 1.0


@mistake(of="cohens_kappa", loses=2)
def kappa_of_the_visible_values(first, second):
    return {"yes": 0.428571, 0: -0.09375}[first[0]] if len(first) > 2 else 0.0


@mistake(of="cohens_kappa", loses=2, named="never_negative")
def kappa_never_negative(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if None not in (a, b)]
    p_o = sum(a == b for a, b in pairs) / len(pairs)
    habit, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    p_e = sum(habit[label] * other[label] for label in habit) / len(pairs) ** 2
    return max(0.0, (p_o - p_e) / (1 - p_e)) if p_e < 1 else 0.0


@other_way(of="cohens_kappa")
def kappa_by_a_table(first, second):
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    labels = sorted({label for pair in pairs for label in pair}, key=str)
    counts = np.zeros((len(labels), len(labels)))
    for a, b in pairs:
        counts[labels.index(a), labels.index(b)] += 1
    p = counts / counts.sum()
    p_e = p.sum(axis=1) @ p.sum(axis=0)
    return 0 if math.isclose(p_e, 1) else (np.trace(p) - p_e) / (1 - p_e)


@other_way(of="cohens_kappa")
def kappa_by_disagreements(first, second):
    both = [i for i in range(len(first)) if first[i] is not None and second[i] is not None]
    disagree = sum(first[i] != second[i] for i in both)
    blind = sum(first[i] != second[j] for i in both for j in both)
    if blind == 0:
        return 0.0
    return 1 - disagree * len(both) / blind


@other_way(of="cohens_kappa")
def kappa_by_scikit_learn(first, second):
    keep = pd.Series(first, dtype=object).notna() & pd.Series(second, dtype=object).notna()
    a = [str(first[i]) for i in range(len(first)) if keep[i]]
    b = [str(second[i]) for i in range(len(second)) if keep[i]]
    if len(set(a + b)) == 1:
        return torch.tensor(0.0)
    counts = torch.tensor(confusion_matrix(a, b), dtype=torch.float64)
    p_e = (counts.sum(0) * counts.sum(1)).sum() / counts.sum() ** 2
    print("by chance", p_e)
    return (counts.diagonal().sum() / counts.sum() - p_e) / (1 - p_e)


# mask_contacts: e-mail addresses 1, telephone numbers 1, both and nothing else 1


@mistake(of="mask_contacts", loses=1, named="one_word_before_at")
def mask_one_word_before_and_after(text):
    text = re.sub(r"\w+@\w+\.\w+", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text)


@mistake(of="mask_contacts", loses=2, named="too_much_after_at")
def mask_all_but_spaces(text):
    text = re.sub(r"\S+@\S+", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="only_small_letters")
def mask_only_small_letters(text):
    text = re.sub(r"[a-z0-9_.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text)


@mistake(of="mask_contacts", loses=2, named="only_the_first")
def mask_only_the_first(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text, count=1)
    return re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text, count=1)


@mistake(of="mask_contacts", loses=1, named="digits_together_only")
def mask_digits_together_only(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?\d{7,}", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="plus_left")
def mask_plus_left(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\d(?:[ .-]?\d){6,}", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="short_numbers_masked")
def mask_every_number(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d)*", "<phone>", text)


@mistake(of="mask_contacts", loses=3, named="digits_to_zeros")
def mask_digits_to_zeros(text):
    return re.sub(r"\d", "0", text)


@mistake(of="mask_contacts", loses=1, named="phones_first")
def mask_phones_first(text):
    text = re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text)
    return re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)


@mistake(of="mask_contacts", loses=1, named="domain_without_dot")
def mask_domains_without_a_dot(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d){6,}", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="eight_digits")
def mask_from_eight_digits(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?\d(?:[ .-]?\d){7,}", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="glued_number_missed")
def mask_between_word_boundaries(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"(?<!\w)\+?\d(?:[ .-]?\d){6,}\b", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="separators_counted")
def mask_separators_counted(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?\d[\d .-]{5,}\d", "<phone>", text)


@mistake(of="mask_contacts", loses=1, named="space_taken")
def mask_space_taken(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?(?:\d[ .-]?){7,}", "<phone>", text)


@mistake(of="mask_contacts", loses=2, named="space_taken")
def mask_spaces_around_taken(text):
    text = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?[\d .-]{7,}", "<phone>", text)


@mistake(of="mask_contacts", loses=2)
def mask_emails_alone(text):
    return re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<email>", text)


@mistake(of="mask_contacts", loses=3)
def mask_nothing(text):
    return text


@other_way(of="mask_contacts")
def mask_in_one_expression(text):
    email = r"(?P<email>[A-Za-z0-9._+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+)"
    phone = r"(?P<phone>\+?([0-9][ .\-]?){6,}[0-9])"
    return re.sub(f"{email}|{phone}", lambda match: f"<{match.lastgroup}>", text)


@other_way(of="mask_contacts")
def mask_with_a_pattern_from_the_web(text):
    text = re.sub(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "<email>", text)
    return re.sub(r"\+?\d(?:[-. ]?\d){5,}[-. ]?\d", "<phone>", text)


@other_way(of="mask_contacts")
def mask_letter_by_letter(text):
    for match in reversed(list(re.finditer(r"[\w.+-]+@(?:[\w-]+\.)+[\w-]+", text))):
        text = text[: match.start()] + "<email>" + text[match.end() :]
    out, i = "", 0
    while i < len(text):
        j = i + (text[i] == "+")
        digits, end = 0, j
        while j < len(text) and text[j].isdigit():
            digits, end = digits + 1, j + 1
            joined = text[end : end + 1] in (" ", ".", "-") and text[end + 1 : end + 2].isdigit()
            j = end + 1 if joined else end
        if digits >= 7:
            out, i = out + "<phone>", end
        elif digits:
            out, i = out + text[i:end], end
        else:
            out, i = out + text[i], i + 1
    return out


@other_way(of="mask_contacts")
def mask_by_counting_digits(text):
    def phone(match):
        digits = sum(c.isdigit() for c in match.group())
        return "<phone>" if digits > 6 else match.group()

    warnings.warn("rather too much than too little", stacklevel=2)
    text = re.sub(r"[^\s@<>(),;:!?/\"']+@[\w-]+(\.[\w-]+)+", "<email>", text)
    return re.sub(r"\+?\d+([ .-]\d+)*", phone, text)
