// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_DETAIL_METRIC_NAME_HPP
#define XRAYON_ML_METRICS_DETAIL_METRIC_NAME_HPP

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>

namespace xrayon::ml::detail {

/// "roc_auc(average=weighted, several=one_versus_one)": a metric's name and those of its options that are not the usual ones, so that
/// tables and journals tell two of a kind apart.
class metric_name {
public:
    explicit metric_name(std::string plain) : plain_(std::move(plain)) {}

    /// An option and its usual value.
    template <class Value>
    metric_name& add(std::string_view option, const Value& value, const std::type_identity_t<Value>& usual) {
        return value == usual ? *this : add(option, to_text(value));
    }
    /// An option that is not the usual one.
    metric_name& add(std::string_view option, std::string_view value) {
        ((options_ += options_.empty() ? "" : ", ") += option) += "=";
        options_ += value;
        return *this;
    }

    [[nodiscard]] std::string text() const { return options_.empty() ? plain_ : plain_ + "(" + options_ + ")"; }

private:
    std::string plain_;
    std::string options_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_METRICS_DETAIL_METRIC_NAME_HPP
