// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ML_HPP
#define XRAYON_ML_ML_HPP

// All of machine learning but the reference models (ml/models). xrayon.hpp leaves these out but for a few: they are half as much again.

#include <xrayon/ml/augment.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>
#include <xrayon/ml/determinism_check.hpp>
#include <xrayon/ml/ensemble/any_model.hpp>
#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/gradient/aggregate_gradients.hpp>
#include <xrayon/ml/gradient/check_gradient.hpp>
#include <xrayon/ml/gradient/clip_gradient.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/gradient/mean_gradient.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/map_elements.hpp>
#include <xrayon/ml/map_rows.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/agreement.hpp>
#include <xrayon/ml/metrics/brier.hpp>
#include <xrayon/ml/metrics/confusion_matrix.hpp>
#include <xrayon/ml/metrics/log_loss.hpp>
#include <xrayon/ml/metrics/precision_recall.hpp>
#include <xrayon/ml/metrics/r2.hpp>
#include <xrayon/ml/metrics/ranking.hpp>
#include <xrayon/ml/metrics/regression_errors.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/metrics/top_k_accuracy.hpp>
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/ml/optimizer/sgd.hpp>
#include <xrayon/ml/preprocess/max_abs_scaler.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/normalizer.hpp>
#include <xrayon/ml/preprocess/preprocess.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/preprocess/standardize_chunk.hpp>
#include <xrayon/ml/split/blocked_time_series_split.hpp>
#include <xrayon/ml/split/group_k_fold.hpp>
#include <xrayon/ml/split/group_shuffle_split.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/split/leave_groups_out.hpp>
#include <xrayon/ml/split/leave_one_out.hpp>
#include <xrayon/ml/split/leave_p_out.hpp>
#include <xrayon/ml/split/predefined_split.hpp>
#include <xrayon/ml/split/purged_k_fold.hpp>
#include <xrayon/ml/split/repeated.hpp>
#include <xrayon/ml/split/shuffle_split.hpp>
#include <xrayon/ml/split/stratified_group_k_fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>
#include <xrayon/ml/split/stratified_shuffle_split.hpp>
#include <xrayon/ml/split/time_series_split.hpp>
#include <xrayon/ml/train_test_split.hpp>

#endif // XRAYON_ML_ML_HPP
