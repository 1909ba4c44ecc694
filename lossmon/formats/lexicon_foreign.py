"""Words of other languages for what a training logs, and what they are in English.

Each stands here once, without its accents ("época" is under "epoca"), and is known wherever names
are: as a counter, a metric, data, between a count and its total. A language that is inflected has
stems ("потер" also is "потери", "потерь"); what is written without blanks is cut out of its text.
"""

from __future__ import annotations

import re
import unicodedata

# Whole words in Latin letters; none that is an English one of another meaning ("tap", "lot").
_LATIN = {
    "loss": "verlust verluste perte pertes perdita perdite perdida perdidas perda perdas strata"
    " straty verlies forlust kayip kaybi ztrata ztraty veszteseg havio pierdere pierderea kerugian"
    " gubitak izguba",
    "cost": "kosten costo coste custo cout koszt maliyet",
    "error": "fehler errore erreur erro blad bledu hata hatasi fout eroare chyba virhe hiba galat",
    "epoch": "epoche epochen epoca epocas epoque epoques epoka epoki epok epocha tijdperk donem"
    " devir epookki",
    "step": "schritt schritte paso pasos passo passos pas passi etape krok kroku stap stappen steg"
    " adim langkah buoc lepes askel korak",
    "iter": "iteracion iteraciones iteracao iterazione iterazioni iteratie iterasyon iteracja"
    " iteracji iterasi iterace",
    "batch": "lote lotes stapel davka",
    "train": "entrenamiento treinamento treino entrainement apprentissage addestramento trainings"
    " egitim trenowania treningowa treningowy treningu uczenia uczaca trening traning treninkova"
    " treninku pelatihan latih koulutus",
    "val": "validierung validierungs validacion validacao validazione validatie walidacja"
    " walidacyjna walidacyjny walidacji dogrulama gecerleme validering validasi validare validace"
    " validacni validointi",
    "eval": "auswertung evaluierung evaluacion avaliacao valutazione evaluatie ewaluacja"
    " degerlendirme",
    "test": "prueba teste testowa testowy testowe pengujian",
    "accuracy": "genauigkeit exactitud exactitude precisione precisao accuratezza acuracia"
    " nauwkeurigheid dokladnosc dokladnosci trafnosc dogruluk dogrulugu noggrannhet noyaktighet"
    " presnost pontossag tarkkuus acuratete akurasi",
    "learning": "aprendizaje aprendizado aprendizagem apprendimento ogrenme",
    "rate": "taux tasa taxa tasso wspolczynnik szybkosc orani hizi",
    "lr": "lernrate leersnelheid leertempo laringsrate inlarningshastighet",
    "avg": "durchschnitt moyenne moyen promedio ortalama gemiddelde gemiddeld srednia sredni",
    "total": "gesamt totale toplam celkem",
    "best": "bester beste mejor meilleur meilleure migliore melhor najlepsza najlepszy",
    "time": "zeit dauer temps tiempo czas sure tijd duree",
    "train_loss": "trainingsverlust trainingsverlies traningsforlust",
    "val_loss": "validierungsverlust validatieverlies valideringsforlust",
    "test_loss": "testverlust testverlies",
    "total_loss": "gesamtverlust",
    "train_error": "trainingsfehler trainingsfout",
    "val_error": "validierungsfehler validatiefout",
    "test_error": "testfehler testfout",
}
# What is written without blanks, and stems; longer ones first.
_CUT = {
    "loss": r"损失函数 损失 損失関数 損失 ロス 손실 потер\w* втрат\w* απώλεια mất\smát",
    "cost": r"代价 コスト 비용",
    "error": r"误差 誤差 오차 ошибк\w* помилк\w* похибк\w* σφάλμα",
    "lr": r"学习率 學習率 学習率 학습률 скорост\w*\sобучени\w* tốc\sđộ\shọc",
    "epoch": r"轮次 轮数 轮 周期 世代 エポック数 エポック 에포크 에폭 эпох\w* епох\w* εποχή",
    "step": r"步骤 步数 步 ステップ 스텝 단계 шаг\w* крок\w* βήμα",
    "iter": r"迭代次数 迭代 反復 イテレーション 반복 итераци\w* ітераці\w*",
    "batch": r"批次 批 バッチ 배치 батч\w* пакет\w*",
    "train": r"训练 訓練 学習 훈련 학습 обуч\w* тренир\w* навчан\w* εκπαίδευση huấn\sluyện",
    "val": r"验证 驗證 検証 검증 валидаци\w* проверк\w* проверочн\w* перевірк\w* επικύρωση"
    r" kiểm\sđịnh xác\sthực",
    "test": r"测试 測試 テスト 테스트 тест\w*",
    "eval": r"评估 評価 평가 оценк\w*",
    "accuracy": r"准确率 準確率 精度 正解率 정확도 точност\w* точніст\w* ακρίβεια độ\schính\sxác",
    "grad_norm": r"梯度范数 勾配ノルム",
    "perplexity": r"困惑度 パープレキシティ 혼란도 перплекси\w*",
    "total": r"总 總 合計 общ\w*",
    "avg": r"平均 평균 средн\w*",
    "time": r"用时 耗时 时间 時間 시간 время",
    "": r"值 集",
}
# Between a count and its total: "Schritt 50 von 450".
TOTALS = frozenset(("of", "out of", "von", "sur", "de", "di", "z", "van", "av", "fra", "из", "з"))
_LINKS = frozenset(  # between two words of a name
    ("di", "de", "da", "do", "du", "d", "l", "la", "le", "del", "della", "dello", "der", "des",
     "na", "auf", "bei", "op", "sur", "su", "en", "em", "van", "von", "w", "pa")
)  # fmt: skip
_WORD = re.compile(r"[a-z]+")
_RATES = re.compile(r"(?:rate_(?:learning|train)|(?:learning|train)_rate)(?=_|$)")
_WHOLE = {word: english for english, words in _LATIN.items() for word in words.split()}
_PARTS = [(form, english) for english, forms in _CUT.items() for form in forms.split()]
_ENDING = r"\w{0,12}"  # bounded, so that a text of nothing but stems costs no more
_ANY_PART = re.compile("|".join(f"({form})" for form, _ in _PARTS).replace(r"\w*", _ENDING))
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "ß": "ss", "đ": "d", "æ": "ae", "œ": "oe"})


def cut_out(text: str) -> str:
    """A text in lower case with English for words without blanks, and no accents on the others."""
    text = _ANY_PART.sub(lambda found: f" {_PARTS[(found.lastindex or 1) - 1][1]} ", text)
    letters = unicodedata.normalize("NFD", text.translate(_LETTERS))
    return "".join(one for one in letters if not unicodedata.combining(one))


def in_english(form: str) -> str:
    """A name in its plain form, with English for its words: "tasso_di_apprendimento" is "lr"."""
    words = form.split("_")
    if _WHOLE.keys().isdisjoint(words):
        return form
    kept = [_WHOLE.get(word, word) for word in words if word not in _LINKS]
    return _RATES.sub("lr", "_".join(kept))


def sentence_in_english(text: str) -> str:
    """The words of a sentence one by one: "Auswertung bei Schritt 500" tells an "eval"."""
    text = cut_out(text.lower()) if not text.isascii() else text.lower()
    return _WORD.sub(lambda word: _WHOLE.get(word.group(), word.group()), text)
