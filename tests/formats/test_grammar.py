"""Named numbers as a product: every name with every separator, value and place in a line."""

from __future__ import annotations

import pytest

from lossmon.formats.lexicon import is_eval, plain
from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder

NAMES = (
    "loss", "train_loss", "val loss", "Validation Loss", "accuracy", "top-1", "BLEU-4", "Acc@1",
    "mAP@.5", "F1", "rouge1", "PSNR",
)  # fmt: skip
SEPARATORS = {
    "colon": ": ", "equals sign": "=", "blank": " ", "comma": ", ", "is": " is ", "was": " was ",
    "arrow": " -> ",
}  # fmt: skip
VALUES = {
    "alone": "{v}", "with an average": "{v} ({a})", "with a unit": "{v}dB", "per cent": "{v}%",
    "with an exponent": "{v}e+00", "in a list": "[{v}]", "in a tensor": "tensor({v})",
}  # fmt: skip
PLACES = {
    "behind its step": "step {i}: {named}",
    "behind its batch": "[{i}/10] {named}",
    "beside others": "step {i} | lr: 1e-4 | {named} | time: 0.5s",
    "on a line of its own": "step {i}\n{named}",
}


def written(place: str, name: str, separator: str, value: str) -> str:
    """A log of seven rows: at step 3 the value is 3.25, its average 3.5."""
    lines = []
    for i in range(1, 8):
        number = VALUES[value].format(v=i + 0.25, a=i + 0.5)
        lines.append(PLACES[place].format(i=i, named=f"{name}{SEPARATORS[separator]}{number}"))
    return "\n".join(lines) + "\n"


def is_of(name: str, metric: str) -> bool:
    """Whether a metric is what was written, perhaps called one of an evaluation."""
    return plain(name) == plain(metric).removeprefix("" if is_eval(name) else "eval_")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(NAMES[:2], id="of a loss"),
        pytest.param(NAMES[2:], id="of others", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("place", PLACES)
def test_named_numbers(place: str, separator: str, names: tuple[str, ...]) -> None:
    wrong = []
    for name in names:
        if place == "behind its batch" and is_eval(name):
            continue  # batches of an evaluation, of which the last one counts
        for value in VALUES:
            if separator == "comma" and value.startswith("in a"):
                continue  # nobody writes "loss, [2.3]"
            decoder = TextDecoder()
            log = written(place, name, separator, value)
            records = [*decoder.feed(log.encode()), *decoder.flush()]
            found = [(r.step, v) for r in records for n, v in r.values.items() if is_of(name, n)]
            if found != [(i, i + 0.25) for i in range(1, 8)]:
                wrong.append((name, value, found))
    assert not wrong


# Where counters and values stand in sentences, are glued to their words, or wrapped.
PRINTED = (
    "The loss of epoch {i} is: {v}", "The loss of epoch{i}is:{v}", "loss at step {i} is: {v}",
    "epoch{i}loss {v}", "epoch{i} loss{v}", "epoch{i}:loss{v}", "step:{i}loss:{v}",
    "Epoch: {i}Loss: {v}", "{i}-th epoch loss {v}", "ep{i:03d} loss {v}", "epoch.{i} loss {v}",
    "iter#{i} loss {v}", "({i}) loss {v}", "{i}) loss: {v}", "Epoch [ {i} | 20 ] loss {v}",
    "epoch {i}|20 loss: {v}", "loss: {v}, {i}.000000/59.000000", "epoch {i} out of 30, loss {v}",
    "迭代次数：{i}，代价：{v}",
    "2021-10-22 10:00:01,451 | root | INFO | fit.py:<module>:213 | [{i}, 20] loss: {v}",
    "saved by run.py:fit:213 step {i} loss: {v}",
    "epoch {i} loss tf.Tensor({v}, shape=(), dtype=float32)",
    "The loss of epoch{i}is:tf.Tensor({v}, shape=(), dtype=float32)",
    "epoch {i} loss: tf.Tensor([{v}], shape=(1,), dtype=float32)",
)  # fmt: skip


@pytest.mark.parametrize("form", PRINTED)
def test_printed_forms(form: str) -> None:
    decoder = TextDecoder()
    log = "".join(form.format(i=i, v=i + 0.25) + "\n" for i in range(1, 8))
    records = [*decoder.feed(log.encode()), *decoder.flush()]
    found = [
        (r.epoch if r.step is None or "<module>" in form else r.step, r.values) for r in records
    ]
    names = {name for _, values in found for name in values}
    assert len(names) == 1
    assert plain(*names) in ("loss", "cost", "th_epoch_loss")
    assert [(place, *values.values()) for place, values in found] == [
        (i, i + 0.25) for i in range(1, 8)
    ]


FOREIGN = (
    "Schritt {i} | Verlust {v} | Lernrate 1.00e-01",
    "Epoche {i}/20: Trainingsverlust {v}, Validierungsverlust {w}",
    "Epoche {i} von 20: Verlust: {v}, Genauigkeit: 0.5",
    "Itération n°{i} : coût = {v}",
    "Époque {i} sur 20 - perte d'entraînement : {v} - perte de validation : {w}",
    "Épocha {i}: ztráta {v}",
    "Epoca {i}: errore di addestramento {v}, errore di validazione {w}",
    "Epoca {i} di 20: perdita {v}",
    "Época {i}/20 - pérdida: {v} - pérdida de validación: {w} - exactitud: 0.3",
    "Época {i} de 20, perda: {v}, perda de validação: {w}",
    "Passo {i}: perda = {v}, taxa de aprendizado = 0.1",
    "Paso {i}: pérdida = {v}, tasa de aprendizaje 0.1",
    "Epoka {i}: strata {v}, strata walidacyjna {w}",
    "Krok {i} z 1000, strata: {v}",
    "Tijdperk {i} | verlies {v} | validatieverlies {w}",
    "Эпоха {i}, батч 50 из 450, потери {v}",
    "Эпоха {i}: потери на обучении {v}, потери на валидации {w}, точность 0.5",
    "Шаг {i}: потеря {v}",
    "Шаг {i}: функция потерь = {v}, скорость обучения = 0.1",
    "Епоха {i}: втрати {v}",
    "에폭 {i}: 손실 {v}",
    "에폭 {i}/20 - 훈련 손실: {v} - 검증 손실: {w}",
    "{i}번째 에폭 손실: {v}",
    "스텝 {i}: 손실값 {v}, 학습률 0.1",
    "エポック {i}/20 損失: {v} 精度: 0.5",
    "エポック: {i}, 損失: {v}, 検証損失: {w}",
    "{i}エポック目 損失 {v}",
    "ステップ {i}: ロス {v}",
    "第{i}轮 训练损失: {v} 验证损失: {w}",
    "第 {i} 轮，损失 {v}",
    "第{i}步 损失={v}",
    "轮次 {i}/10 损失 {v}",
    "Dönem {i}/8 => kayıp: {v} doğrulama kaybı: {w}",
    "Adım {i}: kayıp {v}",
    "Epok {i}: förlust {v}, valideringsförlust {w}",
    "Epookki {i}: häviö {v}",
    "Bước {i}: mất mát {v}",
    "Εποχή {i}: απώλεια {v}",
    "Langkah {i}: kerugian {v}",
    "Iteración {i}: coste {v}",
    "Iteração {i}: custo {v}",
    "Iterazione {i} - costo: {v}",
)


@pytest.mark.parametrize("form", FOREIGN)
def test_other_languages(form: str) -> None:
    decoder = TextDecoder()
    log = "".join(form.format(i=i, v=i + 0.25, w=i + 0.75) + "\n" for i in range(1, 8))
    records = [*decoder.feed(log.encode()), *decoder.flush()]
    chosen = choose({name: [] for record in records for name in record.values})
    batch = 450 if "450" in form else 0
    for i, record in enumerate(records, 1):
        at = 50 + (i - 1) * batch if batch else i
        assert record.step == at
        assert record.values[chosen["train_loss"]] == i + 0.25
        told = chosen.get("eval_loss")
        assert ("{w}" in form) == (told is not None)
        assert told is None or record.values[told] == i + 0.75
    assert len(records) == 7
