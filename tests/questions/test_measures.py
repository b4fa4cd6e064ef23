"""What a name of a measure says: which way harm lies, in which unit; what it does not say."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.errors import DataError
from smcollapse.metrics.measures import MEASURES
from smcollapse.questions.measures import (
    BETTER_HIGH,
    BETTER_LOW,
    direction_of,
    unit_of,
    words_of,
    worse_for,
    worse_of,
)

HIGH = (
    "recall rare_recall Recall@5 accuracy acc val_acc top1-acc test.acc balanced_accuracy "
    "precision precision_at_5 f1 F1 F1Score minority_f1 macro-F1 f1_macro fscore f_score "
    "f-measure auc AUC roc_auc auroc AUROC auprc ap AP50 map mAP mAP50 map@50 mrr MRR@10 ndcg "
    "NDCG@10 ndcg_cut_10 bleu BLEU-4 bleu4 sacreBLEU rouge rougeL ROUGE-1 r2 R2 r2_score kappa "
    "cohen_kappa mcc iou IoU mIoU meanIoU dice DiceScore psnr PSNR ssim SSIM sensitivity "
    "specificity tpr tnr TPR hit hit@1 hits@10 hit_rate success_rate task_success win win_rate "
    "pass pass@1 passRate coverage diversity correct fraction_correct em EM exact_match "
    "ExactMatch exact.match log_likelihood neg_log_loss neg_mean_squared_error "
    "neg_root_mean_squared_error neg_brier_score non_toxicity inverse_perplexity anti_bias "
    "true_negative_rate distinct_1 reward spearman 1-wer clip_score "
)

LOW = (
    "wer WER test_wer cer CER eer EER fid FID fid_50k kid KID rmse RMSE mse MSE mae MAE mape ppl "
    "PPL perplexity kl KL kl_divergence KLD kld js JS mmd MMD w2 W2 wasserstein wasserstein_2 "
    "hallucination hallucinations hallucination_rate toxicity loss val_loss valLoss Loss/train "
    "error test_error Error error_rate err err_rate ece ECE ece_before mce brier brier_score nll "
    "NLL negative_log_likelihood bpc bpb bits_per_byte fpr FPR fnr false_negative_rate bias "
    "latency confidence mean_confidence log_loss logLoss cross_entropy crossEntropy self_bleu "
    "1-accuracy 1_minus_f1 inverse_recall lpips "
)

OPEN = (
    "score value y metric result mean f1gain loss_reduction error_reduction accuracy_drop "
    "delta_recall wer_change recall_improvement accuracy_loss recall_error accuracy_diff "
    "negative_recall neg_acc attack_success_rate template_rate mapping lossless erratic accurate "
    "winner accuracy_std f1_sd recall_var auc_stderr recall_se accuracy_rank reward_hacking "
    "time_to_accuracy steps_to_success epochs_to_recall "
)


@pytest.mark.parametrize("name", [*HIGH.split(), "exact match", "top-1 accuracy", "acc (%)"])
def test_lower_is_worse(name: str) -> None:
    assert worse_of(name) == "lower"
    assert direction_of(name) == "loss"


@pytest.mark.parametrize("name", [*LOW.split(), "1 - accuracy", "val loss", "WER (%)"])
def test_higher_is_worse(name: str) -> None:
    assert worse_of(name) == "higher"
    assert direction_of(name) == "gain"


@pytest.mark.parametrize("name", OPEN.split())
def test_what_a_name_does_not_say_is_asked(name: str) -> None:
    assert worse_of(name) is None
    with pytest.raises(DataError, match="--direction loss if lower is worse"):
        direction_of(name)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.61, 0.5, 0.48], "0.61 at the smallest share, 0.48 at the largest: it falls"),
        ([0.2, 0.5, 0.3], "0.2 at the smallest share, 0.3 at the largest: it rises"),
    ],
)
def test_the_message_shows_which_way_the_data_move(values: list[float], words: str) -> None:
    with pytest.raises(DataError) as caught:
        direction_of("score", [0.0, 0.5, 1.0], values)
    assert words in str(caught.value)


def test_no_word_stands_in_both_lists() -> None:
    assert not BETTER_HIGH & BETTER_LOW
    assert worse_for("loss") == "lower"
    assert worse_for("gain") == "higher"


def test_every_measure_of_a_run_says_its_direction() -> None:
    assert all(worse_of(name) is not None for name in MEASURES)


def test_words_are_split_at_case_and_signs() -> None:
    assert words_of("valF1@5") == ("val", "f1", "5")
    assert words_of("neg_log_loss") == ("neg", "logloss")


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("recall", [0.2, 1.0], "fraction"),
        ("recall", [0.0, 1.0000001], "fraction"),
        ("recall", [71.0, 20.0], "percent"),
        ("recall", [0.9, 3.0], "percent"),
        ("relative_accuracy", [1.02, 0.9], "none"),
        ("eer", [0.9, 1.4], "none"),
        ("wer", [0.2, 1.7], "none"),
        ("r2", [-3.0, 0.9], "none"),
        ("minority_f1", [71.08, 50.6], "percent"),
        ("ECE", [3.83, 5.0], "percent"),
        ("ece", [0.03, 0.05], "fraction"),
        ("wer", [0.1, 1.3], "fraction"),
        ("wer", [10.0, 130.0], "percent"),
        ("hallucination_rate", [0.1, 0.4], "fraction"),
        ("hallucination_rate", [10.0, 40.0], "percent"),
        ("mean_confidence", [0.5, 0.9], "fraction"),
        ("accuracy_pct", [0.5, 0.9], "percent"),
        ("acc (%)", [50.0, 90.0], "percent"),
        ("mcc", [-0.2, 0.8], "fraction"),
        ("accuracy", [300.0, 20.0], "none"),
        ("fid", [0.1, 0.4], "none"),
        ("FID", [12.0, 40.0], "none"),
        ("val_loss", [0.1, 0.4], "none"),
        ("perplexity", [12.0, 40.0], "none"),
        ("kl", [0.1, 0.4], "none"),
        ("w2", [0.001, 0.004], "none"),
        ("something", [0.1, 0.4], "fraction"),
        ("something", [-0.1, 0.4], "none"),
        ("something", [10.0, 40.0], "none"),
        ("recall", [np.nan, 0.5], "fraction"),
    ],
)
def test_units_are_recognised(name: str, values: list[float], unit: str) -> None:
    assert unit_of(name, values) == unit
