// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_NO_VALUE_HPP
#define XRAYON_PAR_NO_VALUE_HPP

namespace xrayon {

/// What stands for the result of a function that returns nothing.
struct no_value {
    friend bool operator==(no_value, no_value) = default;
};

} // namespace xrayon

#endif // XRAYON_PAR_NO_VALUE_HPP
