// SPDX-License-Identifier: Apache-2.0
// Any bytes behind a right checksum: a model that answers, or a data_error.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <xrayon/core/error.hpp>
#include <xrayon/io/checksum.hpp>
#include <xrayon/ml/ensemble/bagging.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/multilayer_perceptron_classifier.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/category_encoder.hpp>
#include <xrayon/ml/preprocess/max_abs_scaler.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/normalizer.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/saved_model.hpp>

#include "allocations.hpp"

using namespace xrayon;

namespace {

/// What is loaded is asked about rows of up to 8 columns: only one number of them can be right.
template <class M>
void ask(const M& model) {
    for (std::size_t columns = 0; columns <= 8; ++columns) {
        xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({3, columns});
        for (std::size_t i = 0; i < x.size(); ++i) {
            x.data()[i] = static_cast<double>(i) - 5;
        }
        try {
            if constexpr (requires { model.predict(x); }) {
                (void)model.predict(x);
            } else {
                (void)model.transform(x);
            }
        } catch (const shape_error&) {
        } catch (const argument_error&) {  // an unknown category
        }
    }
}

template <class M>
void try_it(const std::string& bytes) {
    try {
        const fuzz::allocations taken;
        const M model = ml::parse_model<M>(bytes);
        if (taken.peak() > 64 * bytes.size() + (std::size_t{16} << 20)) {
            std::abort();  // memory that the file does not fill
        }
        ask(model);
        if (ml::model_bytes(ml::parse_model<M>(ml::model_bytes(model))) != ml::model_bytes(model)) {
            std::abort();
        }
    } catch (const data_error&) {}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string rest(reinterpret_cast<const char*>(data), size);
    char head[80];
    std::snprintf(head, sizeof head, "xrayon-model 1 %08x %zu\n", crc32(rest), rest.size());
    const std::string bytes = head + rest;
    const std::string_view type = std::string_view(rest).substr(0, rest.find('\n'));
    if (type == "type gaussian_naive_bayes<double>") {
        try_it<ml::gaussian_naive_bayes<>>(bytes);
    } else if (type == "type nearest_centroid<double>") {
        try_it<ml::nearest_centroid<>>(bytes);
    } else if (type == "type k_nearest_neighbors<double>") {
        try_it<ml::k_nearest_neighbors<>>(bytes);
    } else if (type == "type multilayer_perceptron_classifier<double>") {
        try_it<ml::multilayer_perceptron_classifier<>>(bytes);
    } else if (type == "type pipeline") {
        try_it<ml::pipeline<ml::standard_scaler, ml::gaussian_naive_bayes<>>>(bytes);
    } else if (type == "type bagging") {
        try_it<ml::bagging<ml::nearest_centroid<>>>(bytes);
    } else if (type == "type one_hot_encoder") {
        try_it<ml::one_hot_encoder>(bytes);
    } else if (type == "type ordinal_encoder") {
        try_it<ml::ordinal_encoder>(bytes);
    } else if (type == "type min_max_scaler") {
        try_it<ml::min_max_scaler>(bytes);
    } else if (type == "type max_abs_scaler") {
        try_it<ml::max_abs_scaler>(bytes);
    } else if (type == "type robust_scaler") {
        try_it<ml::robust_scaler>(bytes);
    } else if (type == "type normalizer") {
        try_it<ml::normalizer>(bytes);
    } else {
        try_it<ml::standard_scaler>(bytes);
    }
    return 0;
}
