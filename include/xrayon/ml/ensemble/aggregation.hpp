// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_AGGREGATION_HPP
#define XRAYON_ML_ENSEMBLE_AGGREGATION_HPP

#include <cstddef>
#include <vector>

// How the predictions of several models become one: what is handed to ensemble_predict. All of them go through the models in their order.
// One model alone gives its own predictions, bit for bit (soft_vote: its own argmax).
//
// Element types. mean, weighted_mean, median, trimmed_mean and mean_probability compute in double; the result is float where every model
// gives float, else double (so integers give double). vote, min and max keep the type that all models' elements convert to.

namespace xrayon::ml::ensemble {

/// What a NaN among the predictions of an element does.
enum class nan_policy {
    propagate,  ///< The result is NaN: that of the first model that gave one.
    omit,       ///< Only the others count; NaN if there are none.
};

/// The arithmetic mean. Finite wherever all predictions are: sums that overflow are formed again, scaled.
struct mean {};

/// The mean with a weight for each model; only their ratios count.
struct weighted_mean {
    std::vector<double> weights = {};  ///< One for each model, finite, >= 0; their sum is not 0.
    bool allow_negative = false;       ///< Weights may be negative (a linear blend).
};

/// The middle prediction; of an even count, the midpoint of the middle two, rounded once and never overflowing. A zero is +0.
struct median {
    nan_policy nan = nan_policy::propagate;
};

/// The upper one of the middle two predictions: always a value that some model gave. A zero is +0.
struct median_high {
    nan_policy nan = nan_policy::propagate;
};

/// The mean of what is left when the `cut` lowest and the `cut` highest predictions are gone. A NaN makes it NaN.
struct trimmed_mean {
    std::size_t cut = 1;  ///< At each end, less than half of the models.
};

/// The lowest prediction; of equal ones the first model's.
struct min {
    nan_policy nan = nan_policy::propagate;
};

/// The highest prediction; of equal ones the first model's.
struct max {
    nan_policy nan = nan_policy::propagate;
};

/// The label that most models give; of several such the lowest. Labels are whole numbers, in a floating type too.
struct vote {
    std::vector<double> weights = {};  ///< What each model's vote counts; empty: 1.
};

/// The class with the highest mean probability, as an int per row: predictions are (rows, classes), a label is a column. Of several such
/// the lowest.
struct soft_vote {
    std::vector<double> weights = {};  ///< One for each model; empty: 1.
    bool normalise = false;            ///< Rows need not sum to 1: each is divided by its sum first.
    double tolerance = 1e-6;           ///< How far from 1 a row may sum otherwise.
};

/// The mean probabilities that soft_vote looks at, (rows, classes).
struct mean_probability {
    std::vector<double> weights = {};  ///< As in soft_vote, and so on.
    bool normalise = false;
    double tolerance = 1e-6;
};

} // namespace xrayon::ml::ensemble

#endif // XRAYON_ML_ENSEMBLE_AGGREGATION_HPP
