// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_NAN_POLICY_HPP
#define XRAYON_ML_NAN_POLICY_HPP

namespace xrayon::ml {

/// What a NaN among numbers does to what is computed of them.
enum class nan_policy {
    propagate,  ///< NaN, at that element only.
    raise,      ///< The call throws argument_error, which says where.
    omit,       ///< As if that number had not been there; how many were is part of the result.
};

} // namespace xrayon::ml

#endif // XRAYON_ML_NAN_POLICY_HPP
